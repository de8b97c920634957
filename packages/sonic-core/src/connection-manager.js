// The way to the bridge: found, paired, connected, lost, found again.
//
// Thread: page. Invariant: `state` says what a person has to know, and changes only together with 'statechange'; a
// session that was lost is resumed, and what could not be resumed is loaded anew by its nodes.
// Deliberately absent: sound, which goes through the worker; guesses from version numbers.

import { BridgeError, BridgeEvent } from './bridge-event.js';
import { access, accessStatus, detect } from './detect.js';
import { BrowserKeyStore } from './key-store.js';
import { CLOSE_POLICY, PROTOCOL } from './protocol.js';
import { Session } from './session.js';
import { WorkerTransport } from './worker-transport.js';

/**
 * @typedef {'idle' | 'permission-prompt' | 'permission-denied' | 'probing' | 'absent' | 'foreign-server' | 'incompatible'
 *   | 'found' | 'pairing' | 'ready' | 'reconnecting' | 'closed'} ConnectionState
 */

/**
 * @typedef {object} PluginEntry
 * @property {string} id @property {string} name @property {string} vendor @property {string} version
 * @property {string} format @property {string} kind @property {string[]} categories @property {string} state
 * @property {string} [reason]
 */

/**
 * @typedef {object} ManagerOptions
 * @property {string} [url] http address of the bridge
 * @property {string} [app] what this page calls itself
 * @property {string} [version] of the page
 * @property {string} [protocol] name of the protocol script
 * @property {string[]} [classes] of events
 * @property {import('./key-store.js').KeyStore} [store]
 * @property {import('./worker-transport.js').Transport} [transport]
 * @property {string | URL} [workerUrl]
 * @property {typeof globalThis.fetch} [fetch]
 * @property {Permissions} [permissions]
 * @property {string} [pageUrl]
 * @property {string} [origin]
 * @property {number} [firstDelay] milliseconds before the first new try
 * @property {number} [longestDelay]
 */

const MINUTE = 60000;
const CLASSES = ['lifecycle', 'params', 'scripts'];

export class ConnectionManager extends EventTarget {
  /** @param {ManagerOptions} [options] */
  constructor(options = {}) {
    super();
    this.url = options.url ?? 'http://127.0.0.1:8080';
    this.client = { name: options.app ?? 'Sonic-Core', version: options.version ?? '0' };
    this.protocol = options.protocol ?? 'sonic-core';
    this.classes = options.classes ?? CLASSES;
    this.store = options.store ?? new BrowserKeyStore();
    this.options = options;
    const place = /** @type {any} */ (globalThis).location;
    this.pageUrl = options.pageUrl ?? place?.href ?? 'http://localhost/';
    this.origin = options.origin ?? place?.origin ?? 'native';
    this.around = {
      fetch: options.fetch ?? globalThis.fetch?.bind(globalThis),
      permissions: options.permissions ?? globalThis.navigator?.permissions,
      pageUrl: this.pageUrl,
    };
    /** @type {ConnectionState} */
    this.state = 'idle';
    /** Why, as a sentence. */
    this.reason = '';
    /** @type {import('./detect.js').Hello | null} */
    this.hello = null;
    /** Where pairing stands. @type {{ step: 'needed' | 'waiting' | 'code', origin?: string, scopes?: string[], warning?: string, expires?: number, left?: number } | null} */
    this.pairing = null;
    /** @type {PluginEntry[]} */
    this.plugins = [];
    this.pluginsRev = -1;
    /** @type {string[]} */
    this.scopes = [];
    /** @type {any} */
    this.limits = {};
    /** The bridge's sentence about native plugins. */
    this.warning = '';
    /** When the next try to come back is made, in ms since 1970. */
    this.retryAt = 0;
    this.attempt = 0;
    this.seeking = false;
    /** @type {Session | null} */
    this.session = null;
    /** Things that live in the session: nodes. @type {Set<{ sessionLost(): void, sessionReady(resumed: boolean): void, hearEvent(type: string, data: any): void }>} */
    this.members = new Set();
    /** @type {any} */
    this.ownTransport = options.transport ?? null;
    this.sessionId = '';
    this.wake = () => this.hurry();
    const target = /** @type {any} */ (globalThis);
    if (typeof target.document === 'object') {
      target.addEventListener('online', this.wake);
      target.addEventListener('pageshow', this.wake);
      target.document.addEventListener('visibilitychange', this.wake);
    }
    this.watchPermission();
  }

  /** @returns {any} */
  get transport() {
    return (this.ownTransport ??= new WorkerTransport({ workerUrl: this.options.workerUrl }));
  }

  get ready() {
    return this.state === 'ready';
  }

  async watchPermission() {
    const status = await accessStatus(this.around);
    if (!status) return;
    status.onchange = () => {
      if (status.state === 'denied' && this.state !== 'ready') this.become('permission-denied', 'The browser does not let this page reach programs on this computer.');
      if (status.state === 'granted' && ['permission-prompt', 'permission-denied', 'idle'].includes(this.state)) {
        this.connect().catch(() => {});
      }
    };
  }

  /** @param {ConnectionState} state @param {string} [reason] */
  become(state, reason = '') {
    if (this.state === state && this.reason === reason) return;
    const before = this.state;
    this.state = state;
    this.reason = reason;
    this.dispatchEvent(new BridgeEvent('statechange', { state, before, reason }));
  }

  /**
   * Looks whether the bridge is there. Without a gesture nothing is done that would make the browser ask.
   * @param {{ userGesture?: boolean, signal?: AbortSignal }} [options]
   */
  async detect(options = {}) {
    if ((await access(this.around)) !== 'prompt' || options.userGesture) this.become('probing');
    try {
      const found = await detect(this.url, this.around, options);
      this.hello = found.hello;
      this.become(found.state, found.reason);
      return found;
    } catch (error) {
      this.become('idle');
      throw error;
    }
  }

  /**
   * Finds and connects. Resolves with the state that was reached: 'ready', 'pairing', or why not.
   * @param {{ userGesture?: boolean, signal?: AbortSignal }} [options]
   * @returns {Promise<ConnectionState>}
   */
  async connect(options = {}) {
    if (this.state === 'ready') return this.state;
    this.seeking = true;
    this.connecting ??= this.enter(options).finally(() => (this.connecting = undefined));
    return this.connecting;
  }

  /** @param {{ userGesture?: boolean, signal?: AbortSignal }} options @returns {Promise<ConnectionState>} */
  async enter(options) {
    const found = await this.detect(options);
    if (found.state !== 'found') {
      if (found.state === 'absent') this.lookAgain();
      return this.state;
    }
    try {
      const session = await this.greet(options.signal);
      const stored = await this.store.getKey(this.url);
      if (!stored) {
        session.close();
        this.needPairing('This page is not paired with the bridge yet.');
        return this.state;
      }
      await this.identify(session, stored);
    } catch (error) {
      this.failed(error);
    }
    return this.state;
  }

  /** @param {AbortSignal} [signal] */
  async greet(signal) {
    const session = new Session({
      transport: this.transport,
      url: `${this.url.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/ws`,
      protocol: this.protocol,
      client: this.client,
      origin: this.origin,
      hooks: {
        event: (event) => this.hearEvent(session, event),
        pairing: (pairing) => this.hearPairing(session, pairing),
        closed: (code, reason) => this.hearClose(session, code, reason),
      },
    });
    this.session = session;
    const hello = await session.open(signal);
    if (!(hello.protocol.min <= PROTOCOL && PROTOCOL <= hello.protocol.max)) {
      session.close();
      throw new BridgeError(`The bridge speaks protocol ${hello.protocol.min} to ${hello.protocol.max}, this page ${PROTOCOL}.`, { kind: 'INCOMPATIBLE' });
    }
    this.limits = hello.limits ?? {};
    return session;
  }

  /** @param {Session} session @param {import('./key-store.js').StoredKey} stored */
  async identify(session, stored) {
    const resume = this.store.getSession();
    const result = await session.identify(stored, { classes: this.classes, resume });
    this.scopes = result.scopes ?? [];
    this.warning = result.warning ?? '';
    this.attempt = 0;
    this.pairing = null;
    this.sessionId = result.session;
    this.store.setSession({ session: result.session, lastSeq: session.lastSeq });
    this.watchHeartbeat(session, session.hello.heartbeat_ms ?? 10000);
    this.become('ready', `sonic-bridge ${session.hello.server?.version ?? ''}`.trim());
    for (const member of [...this.members]) member.sessionReady(result.resumed === true);
    this.dispatchEvent(new BridgeEvent('session', { resumed: result.resumed === true }));
  }

  /** @param {unknown} error */
  failed(error) {
    const kind = error instanceof BridgeError ? error.kind : '';
    const text = error instanceof Error ? error.message : String(error);
    let code = error instanceof BridgeError ? error.data?.close : undefined;
    // The bridge said why before it closed: 11xx is about keys and scopes.
    if (error instanceof BridgeError && error.code >= 1100 && error.code < 1200) code = 4004;
    if (kind === 'INCOMPATIBLE' || code === 4006) this.become('incompatible', text);
    else if (kind === 'NOT_GENUINE' || kind === 'FOREIGN') this.become('foreign-server', text);
    else if (this.state !== 'pairing' && this.state !== 'closed') {
      if (this.wasReady || kind === 'NO_HELLO' || code !== undefined) this.comeBack(code ?? 1006, text);
      else this.become('absent', text);
    }
    this.dispatchEvent(new BridgeEvent('error', error));
  }

  // --- pairing -------------------------------------------------------------------------------------------------------

  /** @param {string} reason */
  needPairing(reason) {
    this.seeking = false;
    this.pairing = { step: 'needed' };
    this.become('pairing', reason);
    this.dispatchEvent(new BridgeEvent('pairingchange', this.pairing));
  }

  /**
   * Asks the bridge to pair. It shows a code, which `submitCode` takes; with the key of a printed address none is needed.
   * @param {{ key?: string, signal?: AbortSignal }} [options]
   */
  async pair(options = {}) {
    if (!this.hello) {
      const found = await this.detect({ userGesture: true, signal: options.signal });
      if (found.state !== 'found') throw new BridgeError(found.reason, { kind: 'ABSENT' });
    }
    this.session?.close();
    const session = await this.greet(options.signal);
    this.pairing = { step: 'waiting' };
    this.become('pairing', 'Waiting for the bridge.');
    const asked = session.pair(options.key);
    if (options.key) {
      const stored = await asked;
      if (!stored) throw new BridgeError('The bridge gave no key.', { kind: 'PAIRING' });
      await this.keep(session, stored);
      return;
    }
    asked.catch(() => {});
    // A refusal (another pairing is under way) comes as the answer, the go-ahead as a message.
    await Promise.race([asked, new Promise((resolve) => this.addEventListener('pairingcode', resolve, { once: true }))]).catch((error) => {
      if (this.pairing) this.pairing = { step: 'needed' };
      this.become('pairing', error.message);
      throw error;
    });
  }

  /** @param {Session} session @param {any} told */
  hearPairing(session, told) {
    if (session !== this.session) return;
    this.pairing = {
      step: 'code', origin: told.origin, scopes: told.scopes, warning: told.warning, expires: Date.now() + told.expires_s * 1000,
    };
    this.become('pairing', 'The bridge shows a code of six digits.');
    this.dispatchEvent(new BridgeEvent('pairingcode', this.pairing));
  }

  /** @param {string} code */
  async submitCode(code) {
    const { session } = this;
    if (!session || this.pairing?.step !== 'code') throw new BridgeError('No pairing is under way.', { kind: 'PAIRING' });
    try {
      await this.keep(session, await session.pairCode(code));
    } catch (error) {
      if (error instanceof BridgeError && this.pairing && typeof error.data?.left === 'number') this.pairing.left = error.data.left;
      throw error;
    }
  }

  cancelPairing() {
    this.session?.close();
    this.needPairing('Pairing was stopped.');
  }

  /** @param {Session} session @param {import('./key-store.js').StoredKey} stored */
  async keep(session, stored) {
    await this.store.setKey(this.url, stored);
    this.store.setSession(null);
    this.seeking = true;
    await this.identify(session, stored);
  }

  /** Forgets the key of this bridge. */
  async forget() {
    await this.store.setKey(this.url, null);
    this.close();
  }

  // --- losing and coming back ----------------------------------------------------------------------------------------

  get wasReady() {
    return Boolean(this.sessionId);
  }

  /** @param {Session} session @param {number} code @param {string} reason */
  async hearClose(session, code, reason) {
    if (session !== this.session || this.state === 'closed') return;
    clearInterval(this.heartbeat);
    const wasReady = this.state === 'ready';
    if (wasReady) {
      this.store.setSession({ session: this.sessionId, lastSeq: session.lastSeq });
      for (const member of [...this.members]) member.sessionLost();
    }
    if (!wasReady && this.state !== 'pairing') return;
    if (this.state === 'pairing' && this.pairing?.step === 'needed') return;
    this.comeBack(code, reason);
  }

  /** @param {number} code @param {string} reason */
  async comeBack(code, reason) {
    const policy = CLOSE_POLICY[code] ?? 'again';
    if (policy === 'pair' || this.pairing) {
      if (code === 4004 || code === 4013) await this.store.setKey(this.url, null);
      this.needPairing(reason || (code === 4005 ? 'The bridge refused, or time ran out.' : 'The bridge does not know this page any more.'));
    } else if (policy === 'never' || (policy === 'once' && this.attempt > 0)) {
      this.seeking = false;
      this.become(code === 4006 ? 'incompatible' : 'closed', reason || `The bridge closed the connection (${code}).`);
    } else {
      if (policy === 'fresh') this.store.setSession(null);
      this.become('reconnecting', reason || 'The connection to the bridge was lost.');
      this.schedule(policy === 'later' ? MINUTE : this.delay());
    }
  }

  delay() {
    const { firstDelay = 250, longestDelay = 15000 } = this.options;
    return Math.min(longestDelay, firstDelay * 2 ** this.attempt) * (0.75 + Math.random() / 2);
  }

  /** Absent: look now and then, where looking does not make the browser ask. */
  async lookAgain() {
    const allowed = await access(this.around);
    if (allowed === 'granted' || allowed === 'unsupported') this.schedule(Math.max(2000, this.delay()));
  }

  /** @param {number} ms */
  schedule(ms) {
    clearTimeout(this.timer);
    this.retryAt = Date.now() + ms;
    this.timer = setTimeout(() => this.tryAgain(), ms);
    /** @type {any} */ (this.timer).unref?.();
  }

  async tryAgain() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.seeking || this.state === 'ready' || this.connecting) return;
    this.attempt++;
    const reconnecting = this.state === 'reconnecting';
    if (!reconnecting) return void this.connect().catch(() => {});
    // While coming back the state stays 'reconnecting', whatever the tries find.
    this.connecting = (async () => {
      const found = await detect(this.url, this.around);
      if (found.state === 'absent' || found.state === 'foreign-server') this.schedule(this.delay());
      else if (found.state !== 'found') this.become(found.state, found.reason);
      else {
        const session = await this.greet();
        const stored = await this.store.getKey(this.url);
        if (stored) await this.identify(session, stored);
        else {
          session.close();
          this.needPairing('The bridge does not know this page any more.');
        }
      }
      return this.state;
    })().catch((error) => {
      this.failed(error);
      return this.state;
    }).finally(() => (this.connecting = undefined));
  }

  /** Woken, online again or visible again: now rather than later. */
  hurry() {
    const hidden = /** @type {any} */ (globalThis).document?.visibilityState === 'hidden';
    if (!hidden && this.timer && (this.state === 'reconnecting' || this.state === 'absent')) this.tryAgain();
  }

  /** @param {Session} session @param {number} every */
  watchHeartbeat(session, every) {
    clearInterval(this.heartbeat);
    this.heartbeat = setInterval(() => {
      const quiet = Date.now() - session.heardAt;
      if (quiet > 2.5 * every) {
        session.close();
        this.hearClose(session, 4011, 'The bridge does not answer.');
      } else if (quiet > every / 2) {
        session.call('PING').catch(() => {});
      }
      this.store.setSession({ session: this.sessionId, lastSeq: session.lastSeq });
    }, every / 2);
    /** @type {any} */ (this.heartbeat).unref?.();
  }

  /** Ends the connection; what was loaded is unloaded by the bridge after its grace. */
  close() {
    this.seeking = false;
    clearTimeout(this.timer);
    clearInterval(this.heartbeat);
    const was = this.state;
    this.become('closed');
    if (was === 'ready') for (const member of [...this.members]) member.sessionLost();
    this.session?.close();
    this.session = null;
    this.store.setSession(null);
  }

  dispose() {
    this.close();
    const target = /** @type {any} */ (globalThis);
    if (typeof target.document === 'object') {
      target.removeEventListener('online', this.wake);
      target.removeEventListener('pageshow', this.wake);
      target.document.removeEventListener('visibilitychange', this.wake);
    }
    this.ownTransport?.dispose();
  }

  // --- verbs and events ----------------------------------------------------------------------------------------------

  /** Calls a verb. @param {string} method @param {object} [params] @param {{ signal?: AbortSignal }} [options] @returns {Promise<any>} */
  call(method, params = {}, options = {}) {
    if (this.state !== 'ready' || !this.session) {
      return Promise.reject(new BridgeError(`There is no connection to the bridge (${this.state}).`, { kind: 'DISCONNECTED', retry: true }));
    }
    return this.session.call(method, params, options.signal);
  }

  /** Resolves once the bridge is ready. @param {AbortSignal} [signal] @returns {Promise<void>} */
  whenReady(signal) {
    if (this.state === 'ready') return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.state !== 'ready') return;
        this.removeEventListener('statechange', look);
        resolve();
      };
      this.addEventListener('statechange', look);
      signal?.addEventListener('abort', () => {
        this.removeEventListener('statechange', look);
        reject(signal.reason);
      });
    });
  }

  /** @param {Session} session @param {{ seq: number, type: string, class: string, data: any }} event */
  hearEvent(session, event) {
    if (session !== this.session) return;
    const { type, data } = event;
    for (const member of [...this.members]) member.hearEvent(type, data);
    if (type === 'PLUGINS_CHANGED') this.listPlugins({ refresh: true }).catch(() => {});
    if (type === 'SCAN_PROGRESS') this.dispatchEvent(new BridgeEvent('scanprogress', data));
    if (type === 'EVENTS_LOST') for (const member of [...this.members]) member.hearEvent('PARAMS_CHANGED', null);
    this.dispatchEvent(new BridgeEvent('bridgeevent', event));
  }

  /**
   * The bridge's plugins; remembered until they change.
   * @param {{ refresh?: boolean, filter?: object }} [options]
   * @returns {Promise<PluginEntry[]>}
   */
  async listPlugins(options = {}) {
    if (!options.refresh && !options.filter && this.pluginsRev >= 0) return this.plugins;
    /** @type {PluginEntry[]} */
    const found = [];
    let page = null;
    do {
      const params = { ...(options.filter ? { filter: options.filter } : {}), ...(page ? { cursor: page.next } : {}) };
      page = await this.call('LIST_PLUGINS', params);
      found.push(...page.plugins);
    } while (page.next !== undefined && page.next !== null);
    if (!options.filter) {
      this.plugins = found;
      this.pluginsRev = page.rev;
      this.dispatchEvent(new BridgeEvent('pluginschange', found));
    }
    return found;
  }

  /** @param {{ rescan?: boolean }} [options] */
  async scanPlugins(options = {}) {
    const result = await this.call('SCAN_PLUGINS', { rescan: options.rescan ?? false });
    await this.listPlugins({ refresh: true });
    return result;
  }
}
