// A bridge for tests, in memory: it speaks docs/protocol.md exactly and can be made to misbehave.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { FLAG, FrameError, KIND, decodeFrames, encodeFrame, frameBytes } from '../../src/protocol.js';
import { PLUGINS } from './fake-plugins.js';

const SCOPES = ['list', 'load', 'param', 'audio', 'state', 'scan'];
const WARNING = 'Native plugins are programs that run outside the browser’s sandbox, with your rights.';

/** @param {number} code @param {string} kind @param {string} message @param {object} [more] */
const fault = (code, kind, message, more) => Object.assign(new Error(message), { code, data: { kind, retry: false, ...more } });

export class FakeBridge {
  /** @param {{ origins?: string[] | null, protocol?: number[], version?: string, port?: number, files?: (path: string) => { type: string, body: Buffer | string, headers?: Record<string, string> } | null, headers?: Record<string, string> }} [options] */
  constructor(options = {}) {
    this.options = options;
    this.origins = options.origins ?? null;
    this.protocol = options.protocol ?? [1];
    this.instanceId = '';
    /** @type {Map<string, { token: Buffer, origin: string }>} */
    this.keys = new Map();
    this.pageKey = randomBytes(8).toString('hex');
    this.code = '';
    /** @type {Map<string, FakeSession>} */
    this.sessions = new Map();
    /** @type {Map<string, number>} */
    this.calls = new Map();
    this.nextInstance = 1;
    this.nextStream = 1;
    this.messages = 0;
    this.frames = 0;
    this.upgrades = 0;
    this.requests = 0;
    /** Frames are kept, not answered, while it is true. */
    this.stalled = false;
    /** @type {(() => void)[]} */
    this.held = [];
    /** The next results are dry. */
    this.dry = 0;
    this.grace = 5000;
    this.wrongProof = false;
    this.silentHello = false;
    /** Sound comes back as it came, by a plain echo: what the road alone costs. */
    this.echo = false;
    this.http = createServer((request, response) => this.serve(request, response));
    this.sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: () => 'sonic-core.v1.json' });
    this.http.on('upgrade', (request, socket, head) => {
      this.upgrades++;
      if (this.origins && !this.origins.includes(request.headers.origin ?? '')) {
        socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
        return;
      }
      this.sockets.handleUpgrade(request, socket, head, (client) => new FakeClient(this, client, request.headers.origin ?? 'native'));
    });
  }

  /** @param {number} [port] */
  async listen(port = this.options.port ?? 0) {
    // As the real one: another name at each start.
    this.instanceId = randomBytes(8).toString('hex');
    await new Promise((resolve) => this.http.listen(port, '127.0.0.1', () => resolve(null)));
    this.port = /** @type {import('node:net').AddressInfo} */ (this.http.address()).port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  /** As a crash: sockets are cut, sessions are gone unless `keep`. @param {{ keep?: boolean }} [options] */
  async stop(options = {}) {
    for (const client of this.sockets.clients) client.terminate();
    if (!options.keep) {
      for (const session of this.sessions.values()) session.end();
      this.sessions.clear();
    }
    this.http.closeAllConnections?.();
    await new Promise((resolve) => this.http.close(() => resolve(null)));
  }

  /** Cuts the sockets. @param {number} [code] @param {string} [reason] */
  drop(code, reason) {
    for (const client of this.sockets.clients) code ? client.close(code, reason) : client.terminate();
  }

  resume() {
    this.stalled = false;
    for (const run of this.held.splice(0)) run();
  }

  get instances() {
    return [...this.sessions.values()].flatMap((session) => [...session.instances.values()]);
  }

  /** @param {string} verb */
  called(verb) {
    return this.calls.get(verb) ?? 0;
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  serve(request, response) {
    this.requests++;
    const origin = request.headers.origin;
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/v1/hello') {
      if (origin && this.origins && !this.origins.includes(origin)) return void response.writeHead(403).end();
      response.writeHead(200, {
        'content-type': 'application/json', vary: 'Origin', 'cross-origin-resource-policy': 'cross-origin',
        ...(origin ? { 'access-control-allow-origin': origin } : {}),
      });
      return void response.end(JSON.stringify({
        app: 'sonic-bridge', version: this.options.version ?? '0.1.0', protocol: this.protocol, instance_id: this.instanceId, os: 'linux',
      }));
    }
    const file = this.options.files?.(path) ?? null;
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-store', ...this.options.headers, ...file.headers });
    response.end(file.body);
  }
}

class FakeSession {
  /** @param {FakeBridge} bridge @param {string} keyId */
  constructor(bridge, keyId) {
    this.bridge = bridge;
    this.keyId = keyId;
    this.id = randomBytes(8).toString('hex');
    this.seq = 0;
    /** @type {any[]} */
    this.events = [];
    /** @type {Map<number, any>} */
    this.instances = new Map();
    /** @type {Map<number, any>} */
    this.streams = new Map();
    /** @type {FakeClient | null} */
    this.client = null;
    /** @type {any} */
    this.timer = null;
  }

  /** @param {string} type @param {string} kind @param {any} data */
  emit(type, kind, data) {
    const event = { jsonrpc: '2.0', method: 'EVT', params: { seq: ++this.seq, type, class: kind, data } };
    this.events.push(event);
    this.client?.say(event);
  }

  park() {
    this.client = null;
    this.streams.clear();
    this.timer = setTimeout(() => {
      this.end();
      this.bridge.sessions.delete(this.id);
    }, this.bridge.grace);
    this.timer.unref?.();
  }

  end() {
    clearTimeout(this.timer);
    this.instances.clear();
    this.streams.clear();
  }
}

class FakeClient {
  /** @param {FakeBridge} bridge @param {import('ws').WebSocket} socket @param {string} origin */
  constructor(bridge, socket, origin) {
    this.bridge = bridge;
    this.socket = socket;
    this.origin = origin;
    this.nonce = randomBytes(32).toString('base64');
    /** @type {FakeSession | null} */
    this.session = null;
    this.wrongCodes = 0;
    /** @type {any} */
    this.pairId = null;
    socket.on('message', (data, binary) => (binary ? this.binary(/** @type {Buffer} */ (data)) : this.text(String(data))));
    socket.on('close', () => {
      if (this.session?.client === this) this.session.park();
    });
    if (!bridge.silentHello) {
      this.say({
        jsonrpc: '2.0', method: 'HELLO', params: {
          protocol: { min: Math.min(...bridge.protocol), max: Math.max(...bridge.protocol) },
          server: { name: 'sonic-bridge', version: '0.1.0', os: 'linux' }, instance_id: bridge.instanceId, nonce: this.nonce,
          auth: { methods: ['token', 'pair'] }, limits: { frames: 65535, text_bytes: 262144 }, heartbeat_ms: 10000,
        },
      });
    }
  }

  /** @param {any} message */
  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  /** @param {Buffer} token @param {string[]} parts */
  proof(token, ...parts) {
    return createHmac('sha256', token).update(parts.join('|')).digest();
  }

  /** @param {string} text */
  text(text) {
    const message = JSON.parse(text);
    const { id, method, params = {} } = message;
    this.bridge.calls.set(method, this.bridge.called(method) + 1);
    if (!this.session && !['IDENTIFY', 'PAIR', 'PAIR_CODE'].includes(method)) return this.socket.close(4001, 'not identified');
    if (method === 'IDENTIFY' && this.session) return this.socket.close(4003, 'identified already');
    try {
      const result = this.session ? this.verb(method, params) : this.enter(method, params, id);
      if (result !== undefined) this.say({ jsonrpc: '2.0', id, result });
    } catch (error) {
      const { code = -32603, message: said, data } = /** @type {any} */ (error);
      this.say({ jsonrpc: '2.0', id, error: { code, message: said, data } });
    }
  }

  /** @param {string} method @param {any} params @param {any} id @returns {any} */
  enter(method, params, id) {
    const { bridge } = this;
    if (method === 'PAIR') {
      if (params.key !== undefined) {
        if (params.key !== bridge.pageKey) return this.socket.close(4005, 'the key was used or is wrong');
        bridge.pageKey = '';
        return this.issue();
      }
      bridge.code = String(Math.floor(Math.random() * 1e6)).padStart(6, '0');
      this.pairId = id;
      this.say({ jsonrpc: '2.0', method: 'PAIRING', params: { origin: this.origin, scopes: SCOPES, expires_s: 120, warning: WARNING } });
      return undefined;
    }
    if (method === 'PAIR_CODE') {
      if (params.code !== bridge.code) {
        const left = 5 - ++this.wrongCodes;
        if (left === 0) return this.socket.close(4005, 'too many wrong codes');
        throw fault(1103, 'CONSENT_DENIED', 'that is not the code', { left });
      }
      const issued = this.issue();
      queueMicrotask(() => this.say({ jsonrpc: '2.0', id: this.pairId, result: {} }));
      return issued;
    }
    const key = bridge.keys.get(params.key_id);
    const given = Buffer.from(params.proof ?? '', 'base64');
    const wanted = key && this.proof(key.token, 'c', bridge.instanceId, this.nonce, params.client_nonce, this.origin);
    if (!key || !wanted || given.length !== 32 || !timingSafeEqual(given, wanted) || key.origin !== this.origin) {
      return this.socket.close(4004, 'authentication failed');
    }
    return this.identified(params, key.token);
  }

  /** @param {any} params @param {Buffer} token */
  identified(params, token) {
    const { bridge } = this;
    let resumed = false;
    let session = params.resume && bridge.sessions.get(params.resume.session);
    if (session) {
      const proof = this.proof(token, 'r', bridge.instanceId, this.nonce, params.client_nonce, params.resume.session).toString('base64');
      if (proof !== params.resume.proof) return this.socket.close(4007, 'resume with a wrong proof');
      session.client?.socket.close(4009, 'session taken over');
      clearTimeout(session.timer);
      resumed = true;
    } else {
      session = new FakeSession(bridge, params.key_id);
      bridge.sessions.set(session.id, session);
    }
    this.session = session;
    session.client = this;
    const proof = this.proof(token, 's', bridge.instanceId, this.nonce, params.client_nonce, this.origin);
    if (bridge.wrongProof) proof[0] ^= 1;
    const missed = resumed ? session.events.filter((/** @type {any} */ event) => event.params.seq > params.resume.last_seq) : [];
    queueMicrotask(() => missed.forEach((/** @type {any} */ event) => this.say(event)));
    return {
      protocol: 1, session: session.id, resumed, seq: session.seq, scopes: SCOPES, caps: [],
      server_proof: proof.toString('base64'), snapshot_rev: 0, warning: WARNING,
    };
  }

  issue() {
    const token = randomBytes(32);
    const keyId = randomBytes(8).toString('hex');
    this.bridge.keys.set(keyId, { token, origin: this.origin });
    return { key_id: keyId, token: token.toString('base64'), scopes: SCOPES };
  }

  // --- verbs -----------------------------------------------------------------------------------------------------------

  get own() {
    return /** @type {FakeSession} */ (this.session);
  }

  /** @param {any} params */
  instance(params) {
    const found = this.own.instances.get(params.instance);
    if (!found) throw fault(1302, 'INSTANCE_NOT_FOUND', `there is no instance ${params.instance}`);
    return found;
  }

  /** @param {any} params */
  param(params) {
    const instance = this.instance(params);
    const plugin = instance.members[params.member ?? 0];
    const found = typeof params.param === 'number' ? plugin?.param(params.param) : plugin?.params.find((/** @type {any} */ entry) => entry.name === params.param);
    if (!found) throw fault(1303, 'PARAM_NOT_FOUND', `there is no parameter ${params.param}`);
    return found;
  }

  /** @param {any} entry @param {any} change */
  change(entry, change) {
    if (entry.flags.includes('readonly')) throw fault(1203, 'OUT_OF_RANGE', `${entry.name} is read-only`);
    let norm = change.value;
    if (change.space === 'text') {
      const steps = Math.max(1, entry.steps);
      norm = Array.from({ length: 1001 }, (_, index) => index / 1000).find((value) => entry.text(Math.round(value * steps) / steps) === change.value || entry.text(value) === change.value) ?? NaN;
    }
    if (change.space === 'plain') {
      let [low, high] = [0, 1];
      for (let turn = 0; turn < 60; turn++) entry.plain((low + high) / 2) < change.value ? (low = (low + high) / 2) : (high = (low + high) / 2);
      norm = Math.abs(entry.plain(0) - change.value) < 1e-12 ? 0 : high;
    }
    if (!(norm >= 0 && norm <= 1)) throw fault(1203, 'OUT_OF_RANGE', 'a value between 0 and 1 is expected');
    const exact = entry.steps > 0 ? Math.round(norm * entry.steps) / entry.steps : norm;
    entry.norm = exact;
    return { applied: this.value(entry), snapped: exact !== norm };
  }

  /** @param {any} entry @param {number} [norm] */
  value(entry, norm = entry.norm) {
    return { norm, plain: entry.plain(norm), text: entry.text(norm) };
  }

  /** @param {any} instance */
  record(instance) {
    return {
      instance: instance.id,
      members: instance.members.map((/** @type {any} */ plugin, /** @type {number} */ index) => ({
        plugin: { id: instance.ids[index], ...named(instance.ids[index]), version: '1.0.0' }, lanes: 1, latency: plugin.latency, tail_samples: 0,
        params: plugin.params.length, inputs: [], outputs: [], event_inputs: plugin.inputs === 0 ? 1 : 0,
      })),
      sample_rate: instance.sampleRate, max_block: instance.maxBlock, inputs: instance.members[0].inputs, outputs: 2,
      latency_samples: instance.members.reduce((/** @type {number} */ sum, /** @type {any} */ plugin) => sum + plugin.latency, 0),
      tail: { kind: 'none', samples: 0 }, bypassed: false, stream: null, warnings: [],
    };
  }

  /** @param {any} instance */
  state(instance) {
    const all = instance.members.map((/** @type {any} */ plugin) => plugin.params.map((/** @type {any} */ entry) => [entry.id, entry.norm]));
    return Buffer.from(JSON.stringify({ ids: instance.ids, all })).toString('base64');
  }

  /** @param {any} instance @param {string} state */
  setState(instance, state) {
    const { ids, all } = JSON.parse(Buffer.from(state, 'base64').toString());
    if (ids.join() !== instance.ids.join()) throw fault(1505, 'STATE_REJECTED', 'this state belongs to another chain');
    for (const [index, values] of all.entries()) for (const [id, norm] of values) instance.members[index].param(id).norm = norm;
  }

  /** @param {string} method @param {any} params @returns {any} */
  verb(method, params) {
    const { bridge, own } = this;
    switch (method) {
      case 'PING': return { time: Date.now() };
      case 'CANCEL': return { cancelled: false };
      case 'LIST_PLUGINS': {
        const all = Object.keys(PLUGINS).map((id) => ({ id, ...named(id), version: '1.0.0', format: 'vst3', categories: PLUGINS[id].categories, state: 'OK' }));
        const from = params.cursor ?? 0;
        return { rev: 1, total: all.length, plugins: all.slice(from, from + 2), ...(from + 2 < all.length ? { next: from + 2 } : {}) };
      }
      case 'SCAN_PLUGINS': own.emit('SCAN_PROGRESS', 'lifecycle', { done: 1, total: 1, name: 'x', state: 'ok' }); return { rev: 1, total: 4 };
      case 'LOAD_PLUGIN': {
        const ids = (params.plugins ?? [params.plugin_id]).map((/** @type {any} */ entry) => entry.plugin_id ?? entry);
        for (const id of ids) if (!PLUGINS[id]) throw fault(1301, 'PLUGIN_NOT_FOUND', `there is no plugin ${id}`);
        const members = ids.map((/** @type {string} */ id) => PLUGINS[id].make());
        const instance = { id: bridge.nextInstance++, ids, members, sampleRate: params.sample_rate ?? 48000, maxBlock: params.max_block ?? 1024, mode: params.mode };
        if (params.state) this.setState(instance, params.state);
        own.instances.set(instance.id, instance);
        return this.record(instance);
      }
      case 'UNLOAD_PLUGIN': this.instance(params); own.instances.delete(params.instance); return {};
      case 'LIST_INSTANCES': return { instances: [...own.instances.values()].map((instance) => this.record(instance)) };
      case 'GET_INSTANCE': return this.record(this.instance(params));
      case 'RESET_INSTANCE': for (const plugin of this.instance(params).members) plugin.reset(); return {};
      case 'LIST_PARAMS': {
        const plugin = this.instance(params).members[params.member ?? 0];
        const from = params.cursor ?? 0;
        const page = plugin.params.slice(from, from + 40);
        return {
          params: page.map((/** @type {any} */ entry) => ({
            id: entry.id, key: `vst3:${entry.id}`, name: entry.name, short: entry.name, unit: entry.unit, group: entry.group, min: entry.min, max: entry.max,
            default: entry.def, value_norm: entry.norm, value_plain: entry.plain(entry.norm), text: entry.text(entry.norm), steps: entry.steps,
            kind: entry.kind, labels: entry.labels, flags: entry.flags,
          })),
          total: plugin.params.length, ...(from + 40 < plugin.params.length ? { next: from + 40 } : {}),
        };
      }
      case 'GET_PARAM': return this.value(this.param(params));
      case 'SET_PARAM': return this.change(this.param(params), params);
      case 'SET_PARAMS': return { results: params.changes.map((/** @type {any} */ change) => {
        try {
          return this.change(this.param({ instance: params.instance, ...change }), change);
        } catch (error) {
          const { code, message, data } = /** @type {any} */ (error);
          return { error: { code, message, data } };
        }
      }) };
      case 'PARAM_TO_TEXT': return this.value(this.param(params), params.norm);
      case 'TEXT_TO_PARAM': {
        const entry = this.param(params);
        const was = entry.norm;
        const { applied } = this.change(entry, { value: params.text, space: 'text' });
        entry.norm = was;
        return applied;
      }
      case 'BEGIN_EDIT': case 'END_EDIT': this.param(params); return {};
      case 'GET_STATE': return { state: this.state(this.instance(params)) };
      case 'SET_STATE': this.setState(this.instance(params), params.state); own.emit('PARAMS_CHANGED', 'lifecycle', { instance: params.instance, member: 0 }); return {};
      case 'LIST_PRESETS': return { presets: this.instance(params).members[params.member ?? 0].presets.map((/** @type {string} */ name) => ({ name, scope: 'factory' })) };
      case 'LOAD_PRESET': {
        const plugin = this.instance(params).members[params.member ?? 0];
        if (!plugin.presets.includes(params.name)) throw fault(1301, 'PRESET_NOT_FOUND', 'there is no such preset');
        plugin.params[0].norm = params.name === 'Soft' ? 0.25 : 0.75;
        own.emit('PARAMS_CHANGED', 'lifecycle', { instance: params.instance, member: params.member ?? 0 });
        return {};
      }
      case 'SAVE_PRESET': this.instance(params).members[params.member ?? 0].presets.push(params.name); return {};
      case 'LIST_PROGRAMS': return { lists: [] };
      case 'OPEN_STREAM': {
        const instance = this.instance(params);
        const stream = { id: bridge.nextStream++, instance, credits: params.credits ?? 32, next: null, block: params.block ?? 128, inputs: instance.members[0].inputs };
        own.streams.set(stream.id, stream);
        const record = this.record(instance);
        return {
          stream: stream.id, inputs: stream.inputs, outputs: 2, latency_samples: record.latency_samples, tail: record.tail,
          max_frames: 65535, credits: stream.credits, sample_rate: instance.sampleRate,
        };
      }
      case 'CLOSE_STREAM': own.streams.delete(params.stream); return {};
      case 'SEND_EVENTS': case 'SET_TRANSPORT': case 'PANIC': case 'PAIRING_ANSWER': return {};
      case 'BATCH': return { results: params.calls.map((/** @type {any} */ call) => {
        try {
          return { result: this.verb(call.method, call.params) };
        } catch (error) {
          const { code, message, data } = /** @type {any} */ (error);
          return { error: { code, message, data } };
        }
      }) };
      default: throw fault(-32601, 'METHOD_NOT_FOUND', `there is no verb ${method}`);
    }
  }

  // --- frames ----------------------------------------------------------------------------------------------------------

  /** @param {Buffer} data */
  binary(data) {
    if (!this.session) return this.socket.close(4001, 'not identified');
    const { bridge } = this;
    bridge.messages++;
    if (bridge.echo) return this.socket.send(echoed(data));
    const bytes = new Uint8Array(data);
    const run = () => {
      let frames;
      try {
        frames = decodeFrames(bytes);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        return this.socket.send(encodeFrame({ kind: KIND.AUDIO_NACK, stream: 0, aux: error.reason }));
      }
      this.socket.send(Buffer.concat(frames.map((frame) => this.frame(frame))));
    };
    if (bridge.stalled) bridge.held.push(run);
    else run();
  }

  /** @param {import('../../src/protocol.js').Frame} frame */
  frame(frame) {
    const { bridge } = this;
    bridge.frames++;
    const stream = this.own.streams.get(frame.stream);
    const nack = (/** @type {number} */ aux) => encodeFrame({ kind: KIND.AUDIO_NACK, stream: frame.stream, sequence: frame.sequence, aux });
    if (frame.kind !== KIND.PROCESS_AUDIO) return nack(3);
    if (!stream) return nack(5);
    const discontinuity = Boolean(frame.flags & FLAG.DISCONTINUITY);
    if (stream.next !== null && frame.sequence !== stream.next && !discontinuity) return nack(6);
    stream.next = (frame.sequence + 1) >>> 0;
    if (frame.channels !== stream.inputs) return nack(7);
    const { members } = stream.instance;
    if (discontinuity) for (const plugin of members) plugin.reset();
    let sound = frame.samples ? frame.samples.map((channel) => new Float32Array(channel)) : [new Float32Array(frame.frames), new Float32Array(frame.frames)];
    const dry = bridge.dry > 0;
    if (dry) bridge.dry--;
    else {
      for (const [index, plugin] of members.entries()) {
        const output = [new Float32Array(frame.frames), new Float32Array(frame.frames)];
        let at = 0;
        for (const event of frame.events) {
          if (event.member !== index && event.member !== 255) continue;
          plugin.run(sound, output, at, event.offset);
          at = event.offset;
          const entry = event.kind === 1 && plugin.param(event.id);
          if (entry) entry.norm = event.value;
          else plugin.event(event);
        }
        plugin.run(sound, output, at, frame.frames);
        sound = output;
      }
    }
    return encodeFrame({
      kind: KIND.AUDIO_RESULT, flags: dry ? FLAG.DRY : 0, stream: frame.stream, sequence: frame.sequence, channels: 2, frames: frame.frames,
      position: frame.position, aux: 10, opaque: frame.opaque, samples: sound,
    });
  }
}

/** Requests without events become results. @param {Buffer} data */
function echoed(data) {
  for (let at = 0; at < data.length; ) {
    const length = frameBytes(data.readUInt16LE(at + 12), data.readUInt16LE(at + 14), data.readUInt16LE(at + 2), 0);
    data[at] = KIND.AUDIO_RESULT;
    at += length;
  }
  return data;
}

/** @param {string} id */
const named = (id) => ({ name: PLUGINS[id].name, vendor: PLUGINS[id].vendor, kind: PLUGINS[id].kind });
