// One conversation over one socket: handshake, pairing, requests, events.
//
// Thread: page. Invariant: nothing but IDENTIFY or PAIR is sent before the bridge has proved that it knows the key; a
// request is answered once, by the bridge or by the end of the socket. Deliberately absent: coming back; the manager
// makes a new session then.

import { fromBase64, randomBytes, toBase64 } from './bytes.js';
import { BridgeError } from './bridge-event.js';
import { PROTOCOL, checkProof, importToken, makeProof, subprotocol } from './protocol.js';

/** The bridge refuses the 65th. */
const IN_FLIGHT = 60;
const HELLO_MS = 5000;

/**
 * @typedef {object} SessionHooks
 * @property {(event: { seq: number, type: string, class: string, data: any }) => void} event
 * @property {(pairing: { origin: string, scopes: string[], expires_s: number, warning: string }) => void} pairing
 * @property {(code: number, reason: string) => void} closed
 */

/**
 * @typedef {object} SessionSetup
 * @property {import('./worker-transport.js').Transport} transport
 * @property {string} url of the WebSocket
 * @property {string} protocol
 * @property {{ name: string, version: string }} client
 * @property {string} origin as the bridge sees it
 * @property {SessionHooks} hooks
 */

export class Session {
  /** @param {SessionSetup} setup */
  constructor(setup) {
    this.setup = setup;
    this.nextId = 1;
    /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
    this.waiting = new Map();
    /** @type {{ id: number, text: string }[]} */
    this.queue = [];
    this.over = false;
    this.identified = false;
    this.lastSeq = 0;
    this.heardAt = Date.now();
    /** @type {any} */
    this.hello = null;
    this.socket = /** @type {import('./worker-transport.js').TextSocket | null} */ (null);
  }

  /** Opens the socket. @param {AbortSignal} [signal] @returns {Promise<any>} the bridge's HELLO */
  open(signal) {
    const { transport, url, protocol } = this.setup;
    const wanted = subprotocol(protocol);
    return new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ text, /** @type {string} */ kind) => {
        clearTimeout(timer);
        this.close();
        reject(new BridgeError(text, { kind, retry: true }));
      };
      const timer = setTimeout(() => fail('the bridge did not greet in time', 'NO_HELLO'), HELLO_MS);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        this.close();
        reject(signal.reason);
      });
      this.onHello = (/** @type {any} */ hello) => {
        clearTimeout(timer);
        this.hello = hello;
        resolve(hello);
      };
      this.socket = transport.open(url, [wanted], {
        open: (chosen) => {
          if (chosen !== wanted) fail('another program answers on this port', 'FOREIGN');
        },
        text: (text) => this.hear(text),
        close: (code, reason) => {
          clearTimeout(timer);
          const already = this.over;
          this.end(code, reason);
          reject(new BridgeError(`the socket closed with ${code}${reason ? `: ${reason}` : ''}`, { kind: 'CLOSED', data: { close: code } }));
          if (!already) this.setup.hooks.closed(code, reason);
        },
      });
    });
  }

  /** @param {string} text */
  hear(text) {
    this.heardAt = Date.now();
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return this.close(1007);
    }
    if (message.method === 'HELLO') {
      this.onHello?.(message.params);
    } else if (message.method === 'PAIRING') {
      this.setup.hooks.pairing(message.params);
    } else if (message.method === 'EVT') {
      this.lastSeq = message.params.seq;
      this.setup.hooks.event(message.params);
    } else if (this.waiting.has(message.id)) {
      const asked = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      this.flush();
      if (message.error) asked?.reject(BridgeError.from(message.error));
      else asked?.resolve(message.result);
    }
  }

  /** @param {string} method @param {object} [params] @param {AbortSignal} [signal] @returns {Promise<any>} */
  call(method, params = {}, signal) {
    if (this.over) return Promise.reject(lost());
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.nextId++;
    const text = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const most = this.hello?.limits?.text_bytes ?? Infinity;
    // The bridge would close the socket.
    if (text.length > most) return Promise.reject(new BridgeError(`${method} is too large: ${text.length} bytes, the bridge takes ${most}.`, { kind: 'TOO_LARGE' }));
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.queue.push({ id, text });
      signal?.addEventListener('abort', () => {
        if (!this.waiting.has(id)) return;
        reject(signal.reason);
        const unsent = this.queue.findIndex((entry) => entry.id === id);
        if (unsent >= 0) {
          this.queue.splice(unsent, 1);
          this.waiting.delete(id);
        } else if (method !== 'CANCEL' && this.identified) {
          this.call('CANCEL', { id }).catch(() => {});
        }
      });
      this.flush();
    });
  }

  flush() {
    while (this.queue.length > 0 && this.waiting.size - this.queue.length < IN_FLIGHT) {
      this.socket?.send(/** @type {{ text: string }} */ (this.queue.shift()).text);
    }
  }

  /**
   * @param {import('./key-store.js').StoredKey} stored
   * @param {{ classes: string[], resume: import('./key-store.js').StoredSession | null }} options
   */
  async identify(stored, options) {
    const clientNonce = toBase64(randomBytes(32));
    const parts = { instanceId: this.hello.instance_id, nonce: this.hello.nonce, clientNonce, last: this.setup.origin };
    /** @type {any} */
    const params = {
      protocol: PROTOCOL,
      client: this.setup.client,
      client_nonce: clientNonce,
      key_id: stored.keyId,
      proof: await makeProof(stored.key, 'c', parts),
      events: { classes: options.classes },
      caps: [],
    };
    if (options.resume) {
      const { session, lastSeq } = options.resume;
      const proof = await makeProof(stored.key, 'r', { ...parts, last: session });
      params.resume = { session, last_seq: lastSeq, proof };
    }
    const result = await this.call('IDENTIFY', params);
    let genuine = false;
    try {
      genuine = await checkProof(stored.key, 's', parts, fromBase64(result.server_proof));
    } catch {
      // No base64 is no proof.
    }
    if (!genuine) {
      this.close();
      throw new BridgeError('The program on this port is not the bridge that this page was paired with.', { kind: 'NOT_GENUINE' });
    }
    this.identified = true;
    this.lastSeq = result.seq ?? 0;
    return result;
  }

  /** Asks to be paired. @param {string} [key] from the address that the bridge printed @returns {Promise<import('./key-store.js').StoredKey | null>} */
  async pair(key) {
    const result = await this.call('PAIR', { protocol: PROTOCOL, client: this.setup.client, ...(key ? { key } : {}) });
    return result?.token ? keyFrom(result) : null;
  }

  /** @param {string} code @returns {Promise<import('./key-store.js').StoredKey>} */
  async pairCode(code) {
    return keyFrom(await this.call('PAIR_CODE', { code }));
  }

  /** @param {number} [code] @param {string} [reason] */
  close(code = 1000, reason = '') {
    const { socket } = this;
    this.end(code, reason);
    socket?.close(code === 1000 || code >= 3000 ? code : 1000, reason);
  }

  /** @param {number} code @param {string} reason */
  end(code, reason) {
    if (this.over) return;
    this.over = true;
    for (const { reject } of this.waiting.values()) reject(lost(code, reason));
    this.waiting.clear();
    this.queue.length = 0;
  }
}

/** @param {{ key_id: string, token: string }} result */
async function keyFrom(result) {
  return { keyId: result.key_id, key: await importToken(fromBase64(result.token)) };
}

/** @param {number} [code] @param {string} [reason] */
const lost = (code, reason) =>
  new BridgeError(`There is no connection to the bridge${reason ? ` (${reason})` : ''}.`, { kind: 'DISCONNECTED', retry: true, data: { close: code } });
