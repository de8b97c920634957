// A native plugin, or a chain of them, as a node of the Web Audio graph.
//
// Thread: page. Invariant: the node exists and passes its input, delayed, from the first moment on; latency changes only
// together with 'latencychange'. Deliberately absent: sound on this thread; it goes from the audio thread to the worker.

import { BridgeError, BridgeEvent } from './bridge-event.js';
import { NativeParam, ParamSender, byName } from './parameters.js';
import { CONTROLLER, EVENT, EVERY_MEMBER, controllerId, expressionId, noteId } from './protocol.js';
import { SlotRing, STATE, WORD } from './slot-ring.js';
import { SUSPEND_DEPTH, suspendTurns } from './suspend-turns.js';

/** Name of the processor; the version is part of it, because a name can be registered once only. */
export const PROCESSOR_NAME = 'native-plugin-processor@0.1.0';
/** Address of the processor's file. */
export const PROCESSOR_URL = new URL('./processor.js', import.meta.url).href;

const LINE = 32768;
const FADE = 32;
const OFFLINE_DEPTH = 32;
/** Firefox says 0 for its callback. */
const UNKNOWN_CALLBACK = 1024;
let nextNode = 1;

/**
 * @typedef {object} NodeOptions
 * @property {import('./connection-manager.js').ConnectionManager} bridge
 * @property {string} [plugin] the id of one
 * @property {(string | { plugin_id: string, state?: string, preset?: string })[]} [plugins] a chain; it costs one latency
 * @property {string} [state] base64, from getState
 * @property {number} [instance] one that is loaded already, after a reload of the page
 * @property {number} [latency] quanta between a quantum and its result
 * @property {'silence' | 'dry'} [onUnderrun]
 * @property {number} [channels]
 * @property {number} [fade] samples of fading around gaps; 0 for none
 * @property {boolean} [bypass]
 */

/** @typedef {{ rttMs: { p50: number, p99: number, p999: number }, misses: number, dry: number, guard: number, nack: number, skipped: number, depth: number, serverMicros: number, results: number }} NodeStats */

/** @type {WeakMap<object, Promise<void>>} */
const modules = new WeakMap();

/** @param {any} context @param {(context: any, url: string) => Promise<void>} load @param {string} url */
function addModule(context, load, url) {
  let added = modules.get(context);
  if (!added) {
    added = load(context, url);
    added.catch(() => modules.delete(context));
    modules.set(context, added);
  }
  return added;
}

/** @type {WeakMap<object, SharedArrayBuffer>} */
const turns = new WeakMap();

/** What the processors of a context share, to wake the worker once per quantum. @param {object} context */
function turnsOf(context) {
  let memory = turns.get(context);
  if (!memory) {
    memory = new SharedArrayBuffer(16);
    turns.set(context, memory);
  }
  return memory;
}

/** @type {(context: BaseAudioContext, url: string) => Promise<void>} */
const loadNative = (context, url) => context.audioWorklet.addModule(url);

/** @param {any} context */
const isOffline = (context) => typeof context.startRendering === 'function';

/**
 * What browsers need before an offline context without suspend can wait for the bridge.
 */
const NO_OFFLINE =
  'This offline context cannot wait for native plugins: the page is not cross-origin isolated and the context has no suspend(). ' +
  'Serve the page with the headers "Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: credentialless" ' +
  '(or "require-corp"), or use processBuffer().';

/**
 * Makes the node on top of an AudioWorkletNode class: the browser's, or that of standardized-audio-context.
 * @template {new (...input: any[]) => any} B
 * @param {B} Base
 * @param {(context: any, url: string) => Promise<void>} [load] adds a worklet module to a context
 */
export function createNativePluginNode(Base, load = loadNative) {
  // TypeScript wants a mixin's constructor to take anything; the documented one is that of NativePluginNode.
  return class NativePlugin extends Base {
    /**
     * Registers the processor with a context; the synchronous constructor needs it.
     * @param {any} context @param {{ url?: string }} [options]
     */
    static register(context, options = {}) {
      return addModule(context, load, options.url ?? PROCESSOR_URL);
    }

    /**
     * Makes a node and waits until its plugin is loaded.
     * @param {any} context @param {NodeOptions} options
     */
    static async create(context, options) {
      await this.register(context);
      const node = new this(context, options);
      await node.whenReady();
      return node;
    }

    /** @param {any[]} input context, options */
    constructor(...input) {
      const context = input[0];
      /** @type {NodeOptions} */
      const options = input[1];
      const { bridge } = options;
      const transport = bridge.transport;
      const channels = options.channels ?? 2;
      const offline = isOffline(context);
      const shared = transport.bell !== null;
      if (offline && !shared && typeof context.suspend !== 'function') throw new BridgeError(NO_OFFLINE, { kind: 'NO_OFFLINE' });
      const block = context.renderQuantumSize ?? 128;
      const ring = new SlotRing({ block, channels }, undefined, shared);
      const depth = options.latency ?? startDepth(context, block, offline, shared);
      const words = /** @type {[number, number][]} */ ([
        [WORD.DEPTH, depth], [WORD.POLICY, options.onUnderrun === 'dry' ? 1 : 0], [WORD.FADE, options.fade ?? FADE],
        [WORD.BYPASS, options.bypass ? 1 : 0], [WORD.INPUTS, channels], [WORD.OUTPUTS, channels],
      ]);
      super(context, PROCESSOR_NAME, {
        numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [channels], channelCount: channels,
        channelCountMode: 'explicit', channelInterpretation: 'speakers',
        processorOptions: {
          channels, block, words, wait: offline && shared, line: LINE,
          memory: shared ? ring.memory : null, bell: transport.bell, turns: shared ? turnsOf(context) : null,
        },
      });
      this.bridge = bridge;
      this.options = options;
      this.nodeId = nextNode++;
      this.isOffline = offline;
      this.shared = shared;
      this.ring = ring;
      this.block = block;
      this.channelsUsed = channels;
      this.depth = depth;
      this.words = new Map(words);
      this.pluginLatency = 0;
      this.tail = { kind: 'none', samples: 0 };
      this.generation = 0;
      /** @type {number | null} */
      this.instance = options.instance ?? null;
      /** @type {number | null} */
      this.stream = null;
      /** @type {any} */
      this.record = null;
      /** @type {'waiting' | 'loading' | 'ready' | 'failed' | 'closed'} */
      this.status = 'waiting';
      /** @type {any} */
      this.failure = null;
      /** @type {NativeParam[]} */
      this.paramList = [];
      /** Parameters by name. @type {Map<string, NativeParam>} */
      this.params = new Map();
      /** @type {Map<string, unknown>} */
      this.lastSet = new Map();
      /** @type {string | null} */
      this.lastState = options.state ?? null;
      this.misses = 0;
      /** @type {any} */
      this.lastStats = null;
      this.stalledAt = -1;
      this.lineLength = LINE;
      /** Set before the plugin was there. @type {Map<string | number, unknown>} */
      this.early = new Map();
      /** @type {[number, (id: number) => void][]} */
      this.syncs = [];
      this.sender = new ParamSender(
        // One alone is answered at once and with its text; several are one request to the plugins' thread.
        async (/** @type {any[]} */ changes) => changes.length > 1 ? this.callInstance('SET_PARAMS', { changes }) : {
          results: [await this.callInstance('SET_PARAM', changes[0]).catch((/** @type {any} */ error) => {
            if (error instanceof BridgeError && error.code) return { error: { code: error.code, message: error.message, data: error.data } };
            throw error;
          })],
        },
        (param, error) => this.tell('pluginerror', { param: param.name, error: BridgeError.from(error) }),
      );
      for (const [word, value] of words) ring.set(word, value);
      this.openPipe();
      this.port.onmessage = (/** @type {MessageEvent} */ event) => this.hear(event.data);
      super.addEventListener('processorerror', () => this.fail(new BridgeError('The audio processor failed.', { kind: 'PROCESSOR' })));
      if (offline && !shared) this.turns = suspendTurns(context, this, block);
      bridge.members.add(this);
      /** @type {Promise<void>} */
      this.starting = Promise.resolve();
      if (bridge.ready) this.start(true);
    }

    openPipe() {
      const { transport } = this.bridge;
      /** @type {MessagePort | null} */
      let port = null;
      if (!this.shared || transport.signal) {
        const channel = new MessageChannel();
        port = channel.port1;
        this.port.postMessage({ type: 'pipe', port: channel.port2, signal: transport.signal }, [channel.port2]);
      }
      transport.pipe(this.nodeId, { memory: this.shared ? this.ring.memory : null, block: this.ring.block, channels: this.channelsUsed }, port);
      transport.onStats(this.nodeId, (/** @type {any} */ stats) => {
        if (stats) this.lastStats = stats;
        this.tell('stats', this.stats);
      });
    }

    /** @param {string} type @param {any} [detail] */
    tell(type, detail) {
      this.dispatchEvent(new BridgeEvent(type, detail));
    }

    /** @param {number} word @param {number} value */
    setWord(word, value) {
      this.words.set(word, value);
      this.ring.set(word, value);
      if (!this.shared) this.port.postMessage({ type: 'words', words: [[word, value]] });
    }

    // --- loading -------------------------------------------------------------------------------------------------------

    /** Resolves when the plugin is heard; rejects when it cannot be loaded. @returns {Promise<void>} */
    whenReady() {
      if (this.status === 'ready') return Promise.resolve();
      if (this.status === 'failed' || this.status === 'closed') return Promise.reject(this.failure);
      return new Promise((resolve, reject) => {
        super.addEventListener('ready', () => resolve(), { once: true });
        super.addEventListener('failed', () => reject(this.failure), { once: true });
      });
    }

    /** @param {boolean} adopt an instance that may still be there */
    start(adopt) {
      this.starting = this.starting.then(() => this.load(adopt)).catch((error) => {
        if (this.status === 'closed') return;
        // A lost connection is not the plugin's failure: the node waits and tries again.
        if (error instanceof BridgeError && error.kind === 'DISCONNECTED') this.status = 'waiting';
        else this.fail(error);
      });
    }

    /** @param {boolean} adopt */
    async load(adopt) {
      if (this.status === 'closed') return;
      this.status = 'loading';
      const { bridge, options } = this;
      const record = (adopt && (await this.adopted())) || (await this.loadAnew());
      if (this.isClosed()) return void bridge.call('UNLOAD_PLUGIN', { instance: record.instance }).catch(() => {});
      this.instance = record.instance;
      this.record = record;
      await this.readParams();
      // Before any sound: an offline context begins with them.
      await this.setEarly();
      const rate = this.context.sampleRate;
      const credits = Math.min(512, Math.max(64, 4 * this.depth + 64));
      const opened = await bridge.call('OPEN_STREAM', {
        instance: this.instance, sample_rate: rate, block: this.block, channels: this.channelsUsed,
        mode: this.isOffline ? 'offline' : 'realtime', credits,
      });
      this.stream = opened.stream;
      this.generation++;
      await bridge.transport.attach(this.nodeId, {
        stream: opened.stream, generation: this.generation, credits: opened.credits ?? credits, offline: this.isOffline,
      });
      if (this.isClosed()) return;
      this.setWord(WORD.INPUTS, opened.inputs);
      this.setWord(WORD.OUTPUTS, opened.outputs);
      this.takeLatency(opened.latency_samples, opened.tail);
      this.setWord(WORD.GENERATION, this.generation);
      this.setWord(WORD.STATE, STATE.ACTIVE);
      this.status = 'ready';
      if (options.state === undefined && this.lastState === null) this.rememberState();
      this.tell('ready', { record });
    }

    isClosed() {
      return this.status === 'closed';
    }

    async adopted() {
      if (this.instance === null) return null;
      try {
        return await this.bridge.call('GET_INSTANCE', { instance: this.instance });
      } catch (error) {
        if (error instanceof BridgeError && error.kind === 'DISCONNECTED') throw error;
        return null;
      }
    }

    /** With the state that is known; a plugin that does not take it any more is loaded without. */
    async loadAnew() {
      try {
        return await this.bridge.call('LOAD_PLUGIN', this.loadParams());
      } catch (error) {
        const useless = error instanceof BridgeError && ['STATE_REJECTED', 'TOO_LARGE'].includes(error.kind) && this.lastState !== null;
        if (!useless) throw error;
        this.lastState = null;
        this.tell('pluginerror', { error });
        return this.bridge.call('LOAD_PLUGIN', this.loadParams());
      }
    }

    loadParams() {
      const { options } = this;
      /** @type {any} */
      const params = options.plugins ? { plugins: options.plugins } : { plugin_id: options.plugin };
      if (this.lastState) params.state = this.lastState;
      return {
        ...params, sample_rate: this.context.sampleRate, max_block: Math.max(1024, this.block), channels: this.channelsUsed,
        mode: this.isOffline ? 'offline' : 'realtime',
      };
    }

    async readParams() {
      const kept = new Map(this.paramList.map((/** @type {NativeParam} */ param) => [`${param.member}:${param.id}`, param]));
      /** @type {NativeParam[]} */
      const list = [];
      for (let member = 0; member < (this.record.members?.length ?? 1); member++) {
        let page = null;
        do {
          page = await this.callInstance('LIST_PARAMS', { member, ...(page ? { cursor: page.next } : {}) });
          for (const record of page.params) {
            const param = kept.get(`${member}:${record.id}`) ?? new NativeParam(record, member, /** @type {any} */ (this));
            param.choices = record.labels?.length ? record.labels : param.choices;
            param.minValue = record.min;
            param.maxValue = record.max;
            param.update({ norm: record.value_norm, plain: record.value_plain, text: record.text }, 'elsewhere');
            list.push(param);
          }
        } while (page.next !== undefined && page.next !== null);
      }
      this.paramList = list;
      this.params = byName(list);
      this.tell('parameterschange', { params: this.params });
    }

    /** @param {any} error */
    fail(error) {
      this.failure = error;
      this.status = 'failed';
      this.setWord(WORD.STATE, STATE.FAILED);
      this.tell('failed', { error });
      this.tell('pluginerror', { error });
    }

    // --- the connection ------------------------------------------------------------------------------------------------

    sessionLost() {
      if (this.status === 'closed') return;
      this.setWord(WORD.STATE, STATE.WAITING);
      this.bridge.transport.detach(this.nodeId);
      this.stream = null;
      if (this.status !== 'failed') this.status = 'waiting';
      this.tell('waiting');
    }

    /** @param {boolean} resumed */
    sessionReady(resumed) {
      if (this.status === 'closed') return;
      if (this.failure) this.failure = null;
      // At the first start an instance given by the page may be there, later only that of a resumed session.
      const adopt = resumed || this.generation === 0;
      const values = adopt ? [] : this.paramList.map((/** @type {NativeParam} */ param) => [param.member, param.id, param.norm, param]);
      this.start(adopt);
      if (values.length > 0 && this.lastState === null) this.starting = this.starting.then(() => this.restoreValues(values));
    }

    /** Without a state, the values are what is known. @param {any[]} values */
    async restoreValues(values) {
      for (const [member, id, norm] of values) {
        const param = this.paramList.find((/** @type {NativeParam} */ entry) => entry.member === member && entry.id === id);
        if (param && param.norm !== norm && !param.flags.has('readonly')) param.normalizedValue = norm;
      }
      await this.sender.settled();
    }

    /** @param {string} type @param {any} data */
    hearEvent(type, data) {
      if (data && data.instance !== undefined && data.instance !== this.instance) return;
      if (type === 'PARAMS_CHANGED' || type === 'PARAM_INFO_CHANGED' || type === 'PROGRAMS_CHANGED') {
        if (this.status !== 'ready') return;
        this.readParams().then(() => type === 'PROGRAMS_CHANGED' && this.tell('programschange')).catch(() => {});
        this.rememberState();
        return;
      }
      if (!data || data.instance === undefined) return;
      if (type === 'PARAM_CHANGED') this.hearParam(data);
      else if (type === 'GESTURE') this.tell('gesture', data);
      else if (type === 'LATENCY_CHANGED') this.takeLatency(data.latency_samples, data.tail);
      else if (type === 'STATE_DIRTY') this.rememberState();
      else if (type === 'GUARD_TRIPPED') this.tell('guard', data);
      else if (type === 'XRUN') this.tell('xrun', data);
      else if (type === 'PLUGIN_FAILED') this.tell('pluginerror', { error: new BridgeError(data.reason ?? 'The plugin failed.', { kind: 'PLUGIN_FAILED', data }) });
      else if (type === 'PLUGIN_UNLOADED' && this.status === 'ready') {
        this.sessionLost();
        this.fail(new BridgeError('The plugin was unloaded.', { kind: 'UNLOADED' }));
      }
    }

    /** @param {any} data */
    hearParam(data) {
      const member = data.member ?? 0;
      const param = this.paramList.find((/** @type {NativeParam} */ entry) => entry.id === data.param && entry.member === member);
      if (!param) return;
      // A value that was sent comes back with its text; any other one waits until the hand lets go.
      const own = Math.abs(param.norm - data.norm) < 1e-9;
      if (!own && (param.pending || (param.held && !data.by_plugin))) return;
      param.update(data, 'elsewhere');
      this.lastSet.delete(`${member}:${param.id}`);
      this.tell('parameterchange', { param });
      this.rememberState();
    }

    /** Keeps the state for a bridge that comes back without it; soon, not at every turn of a knob. */
    rememberState() {
      if (this.remembering || this.isOffline) return;
      this.remembering = setTimeout(() => {
        this.remembering = undefined;
        if (this.status === 'ready') this.getState().catch(() => {});
      }, 1000);
    }

    /** @param {any} message */
    hear(message) {
      if (message.type === 'started' && message.frames !== this.block) this.reshape(message.frames);
      else if (message.type === 'block') this.reshape(message.frames);
      else if (message.type === 'underrun') {
        if (!this.shared) this.misses += message.count;
        this.tell('underrun', { count: message.count, frame: message.frame });
      } else if (message.type === 'values') this.hearSchedule(message.values);
      else if (message.type === 'stalled') {
        this.stalledAt = message.frame;
        this.tell('stalled', { frame: message.frame });
      } else if (message.type === 'synced') {
        this.syncs = this.syncs.filter(([id, done]) => {
          if (id === message.id) done(id);
          return id !== message.id;
        });
      }
    }

    /** The context works in other blocks than it said. @param {number} frames */
    reshape(frames) {
      if (frames === this.block) return;
      this.block = frames;
      if (frames > this.ring.block) {
        this.ring = new SlotRing({ block: frames, channels: this.channelsUsed }, undefined, this.shared);
        this.setWord(WORD.STATE, STATE.WAITING);
        const words = [...this.words];
        for (const [word, value] of words) this.ring.set(word, value);
        this.port.postMessage({ type: 'ring', memory: this.shared ? this.ring.memory : null, block: frames, words });
        this.openPipe();
        if (this.status === 'ready') this.sessionReady(true);
      }
      this.tell('latencychange', { latencySamples: this.latencySamples });
    }

    /** @param {[number, number, number][]} values */
    hearSchedule(values) {
      for (const [member, id, norm] of values) {
        const param = this.paramList.find((/** @type {NativeParam} */ entry) => entry.id === id && entry.member === member);
        if (param && !param.held) param.update({ norm }, 'schedule');
      }
      this.rememberState();
    }

    // --- latency and figures -------------------------------------------------------------------------------------------

    /** @param {number} samples @param {{ kind: string, samples: number } | undefined} tail */
    takeLatency(samples, tail) {
      if (tail) this.tail = tail;
      const before = this.latencySamples;
      this.pluginLatency = samples ?? 0;
      this.fitLine();
      this.setWord(WORD.LATENCY, this.pluginLatency);
      if (this.latencySamples !== before) this.tell('latencychange', { latencySamples: this.latencySamples });
    }

    /** The dry signal needs a line as long as the latency. */
    fitLine() {
      const needed = this.latencySamples + 2 * this.block;
      if (needed <= this.lineLength) return;
      const length = 2 ** Math.ceil(Math.log2(needed));
      this.lineLength = length;
      const line = Array.from({ length: this.channelsUsed }, () => new Float32Array(length));
      this.port.postMessage({ type: 'line', line }, line.map((channel) => channel.buffer));
    }

    /** Samples between the node's input and its output. */
    get latencySamples() {
      return this.depth * this.block + this.pluginLatency;
    }

    get latencySeconds() {
      return this.latencySamples / this.context.sampleRate;
    }

    /** How long it sounds after its input ended. */
    get tailSeconds() {
      return this.tail.kind === 'infinite' ? Infinity : (this.tail.samples ?? 0) / this.context.sampleRate;
    }

    /** Quanta of buffering. */
    get latency() {
      return this.depth;
    }

    set latency(depth) {
      const wanted = Math.max(this.isOffline ? 0 : 1, Math.min(128, Math.round(depth)));
      if (wanted === this.depth || (this.isOffline && !this.shared)) return;
      this.depth = wanted;
      this.fitLine();
      this.setWord(WORD.DEPTH, wanted);
      this.tell('latencychange', { latencySamples: this.latencySamples });
    }

    /** What was measured lately. @returns {NodeStats} */
    get stats() {
      const worker = this.lastStats ?? { rttMs: { p50: 0, p99: 0, p999: 0 }, micros: 0, results: 0, dry: 0, guard: 0, nack: 0, skipped: 0 };
      return {
        rttMs: worker.rttMs, misses: this.shared ? this.ring.get(WORD.MISSES) : this.misses, dry: worker.dry, guard: worker.guard,
        nack: worker.nack, skipped: worker.skipped, depth: this.depth, results: worker.results,
        serverMicros: worker.results ? worker.micros / worker.results : 0,
      };
    }

    /** Fresh figures. @returns {Promise<NodeStats>} */
    measure() {
      return new Promise((resolve) => {
        super.addEventListener('stats', () => resolve(this.stats), { once: true });
        this.bridge.transport.worker.postMessage({ type: 'stats', node: this.nodeId });
      });
    }

    /** The input instead of the result, at the same latency. */
    get bypass() {
      return this.words.get(WORD.BYPASS) === 1;
    }

    set bypass(on) {
      if (on === this.bypass) return;
      this.setWord(WORD.BYPASS, on ? 1 : 0);
      this.tell('bypasschange', { bypass: on });
    }

    // --- parameters ----------------------------------------------------------------------------------------------------

    /** @param {string} method @param {object} params */
    callInstance(method, params) {
      return this.bridge.call(method, { instance: this.instance, ...params });
    }

    /** @param {NativeParam} param @param {{ value: number | string, space: string }} change */
    setParamValue(param, change) {
      this.sender.set(param, change);
      this.rememberState();
    }

    /** @param {string | number} nameOrId @returns {NativeParam | undefined} */
    param(nameOrId) {
      if (typeof nameOrId === 'string' && this.params.has(nameOrId)) return this.params.get(nameOrId);
      const id = Number(nameOrId);
      return Number.isInteger(id) ? this.paramList.find((/** @type {NativeParam} */ param) => param.id === id) : undefined;
    }

    /**
     * Sets a parameter: a number is a plain value, a text is the plugin's own words. What is set already is not sent again;
     * a name that is no parameter is ignored. Before the plugin is loaded the value waits for it.
     * @param {string | number} nameOrId @param {unknown} value
     * @returns {boolean} it was a parameter, or may become one
     */
    setParam(nameOrId, value) {
      if (!['number', 'string', 'boolean'].includes(typeof value) || Number.isNaN(value)) return false;
      if (this.paramList.length === 0) {
        this.early.set(nameOrId, value);
        return true;
      }
      const param = this.param(nameOrId);
      if (!param || param.flags.has('readonly')) return false;
      const slot = `${param.member}:${param.id}`;
      if (this.lastSet.get(slot) === value) return true;
      this.lastSet.set(slot, value);
      if (typeof value === 'number') param.value = value;
      else if (typeof value === 'boolean') param.normalizedValue = value ? 1 : 0;
      else param.setText(String(value));
      return true;
    }

    async setEarly() {
      const early = /** @type {[string | number, unknown][]} */ ([...this.early]);
      this.early.clear();
      for (const [name, value] of early) this.setParam(name, value);
      await this.sender.settled();
    }

    /** Resolves once everything that was set or scheduled so far is on its way. */
    async settled() {
      await this.sender.settled();
      await Promise.all(this.paramList.map((/** @type {NativeParam} */ param) => param.scheduled));
    }

    /** @param {NativeParam} param @param {any} step */
    scheduleParam(param, step) {
      this.port.postMessage({ type: 'param', member: param.member, id: param.id, from: param.norm, step });
    }

    /**
     * Lets one of the node's AudioParams p0 … p15 drive a parameter (0 … 1), for signals and LFOs; null lets it go.
     * @param {number} index @param {string | number | null} nameOrId
     */
    bindAudioParam(index, nameOrId) {
      if (!(index >= 0 && index < 16)) throw new RangeError('there are AudioParams 0 to 15');
      const param = nameOrId === null ? null : this.param(nameOrId);
      if (nameOrId !== null && !param) throw new RangeError(`there is no parameter ${nameOrId}`);
      const audioParam = this.parameters.get(`p${index}`);
      if (param) audioParam.value = param.norm;
      this.port.postMessage({ type: 'bind', index, target: param ? { member: param.member, id: param.id } : null });
      return audioParam;
    }

    // --- notes ---------------------------------------------------------------------------------------------------------

    /** @param {number | undefined} time seconds @param {any} event */
    sendEvent(time, event) {
      const frame = time === undefined ? 0 : Math.round(time * this.context.sampleRate);
      this.port.postMessage({ type: 'events', events: [{ member: EVERY_MEMBER, ...event, frame }] });
    }

    /** @param {number} key @param {number} [velocity] 0 … 1 @param {{ time?: number, channel?: number, note?: number }} [options] */
    noteOn(key, velocity = 0.8, options = {}) {
      this.sendEvent(options.time, { kind: EVENT.NOTE_ON, id: noteId(key, options.channel, options.note), value: velocity });
    }

    /** @param {number} key @param {number} [velocity] @param {{ time?: number, channel?: number, note?: number }} [options] */
    noteOff(key, velocity = 0, options = {}) {
      this.sendEvent(options.time, { kind: EVENT.NOTE_OFF, id: noteId(key, options.channel, options.note), value: velocity });
    }

    /** @param {number} number @param {number} value 0 … 1 @param {{ time?: number, channel?: number }} [options] */
    controller(number, value, options = {}) {
      this.sendEvent(options.time, { kind: EVENT.CONTROLLER, id: controllerId(number, options.channel), value });
    }

    /** @param {number} kind @param {number} note @param {number} value @param {{ time?: number }} [options] */
    noteExpression(kind, note, value, options = {}) {
      this.sendEvent(options.time, { kind: EVENT.NOTE_EXPRESSION, id: expressionId(kind, note), value });
    }

    /** Takes a MIDI message as Web MIDI gives it. @param {ArrayLike<number>} bytes @param {number} [time] */
    midi(bytes, time) {
      const channel = bytes[0] & 15;
      const [a = 0, b = 0] = [bytes[1], bytes[2]];
      switch (bytes[0] & 0xf0) {
        case 0x90: return b > 0 ? this.noteOn(a, b / 127, { time, channel }) : this.noteOff(a, 0, { time, channel });
        case 0x80: return this.noteOff(a, b / 127, { time, channel });
        case 0xa0: return this.sendEvent(time, { kind: EVENT.POLY_PRESSURE, id: noteId(a, channel), value: b / 127 });
        case 0xb0: return this.controller(a, b / 127, { time, channel });
        case 0xc0: return this.controller(CONTROLLER.PROGRAM, a / 127, { time, channel });
        case 0xd0: return this.controller(CONTROLLER.CHANNEL_PRESSURE, a / 127, { time, channel });
        case 0xe0: return this.controller(CONTROLLER.PITCH_BEND, Math.min(1, (a | (b << 7)) / 16383), { time, channel });
      }
    }

    // --- state ---------------------------------------------------------------------------------------------------------

    /** @returns {Promise<string>} base64 */
    async getState() {
      await this.sender.settled();
      const { state } = await this.callInstance('GET_STATE', {});
      this.lastState = state;
      return state;
    }

    /** @param {string} state */
    async setState(state) {
      await this.callInstance('SET_STATE', { state });
      this.lastState = state;
      this.lastSet.clear();
      await this.readParams();
    }

    /** @param {number} [member] @returns {Promise<{ name: string, scope: string }[]>} */
    async listPresets(member = 0) {
      return (await this.callInstance('LIST_PRESETS', { member })).presets;
    }

    /** @param {string} name @param {number} [member] */
    async loadPreset(name, member = 0) {
      await this.callInstance('LOAD_PRESET', { member, name });
      this.lastSet.clear();
      await this.readParams();
    }

    /** @param {string} name @param {number} [member] @param {{ overwrite?: boolean }} [options] */
    async savePreset(name, member = 0, options = {}) {
      await this.callInstance('SAVE_PRESET', { member, name, overwrite: options.overwrite ?? false });
    }

    /** @param {number} [member] @returns {Promise<{ id: number, name: string, programs: string[], current?: number }[]>} */
    async listPrograms(member = 0) {
      return (await this.callInstance('LIST_PROGRAMS', { member })).lists;
    }

    /** @param {number} list @param {number} program @param {number} [member] */
    async setProgram(list, program, member = 0) {
      await this.callInstance('SET_PROGRAM', { member, list, program });
      this.lastSet.clear();
      await this.readParams();
    }

    /** Forgets what rings. */
    async reset() {
      await this.callInstance('RESET_INSTANCE', {});
    }

    // --- the end -------------------------------------------------------------------------------------------------------

    /** Resolves once the processor has every result that is under way (offline). @returns {Promise<void>} */
    sync() {
      const id = nextNode++;
      return new Promise((resolve) => {
        this.syncs.push([id, () => resolve()]);
        this.port.postMessage({ type: 'sync', id });
      });
    }

    /** Unloads the plugin and ends the node. */
    destroy() {
      if (this.status === 'closed') return;
      const { bridge, instance } = this;
      this.failure = new BridgeError('The node was destroyed.', { kind: 'DESTROYED' });
      this.status = 'closed';
      clearTimeout(this.remembering);
      bridge.members.delete(this);
      bridge.transport.unpipe(this.nodeId);
      this.setWord(WORD.STATE, STATE.FAILED);
      this.port.postMessage({ type: 'dispose' });
      try {
        this.disconnect();
      } catch {
        // It was connected to nothing.
      }
      if (bridge.ready && instance !== null) bridge.call('UNLOAD_PLUGIN', { instance }).catch(() => {});
      this.tell('failed');
      this.tell('destroyed');
    }

    dispose() {
      this.destroy();
    }

    [/** @type {any} */ (Symbol).dispose ?? Symbol.for('dispose')]() {
      this.destroy();
    }
  };
}

/** @param {any} context @param {number} block @param {boolean} offline @param {boolean} shared */
export function startDepth(context, block, offline, shared) {
  if (offline) return shared ? OFFLINE_DEPTH : SUSPEND_DEPTH;
  const callback = Math.round((context.baseLatency ?? 0) * context.sampleRate) || UNKNOWN_CALLBACK;
  return Math.min(128, Math.ceil(callback / block) + (shared ? 4 : 20));
}

const NativeBase = /** @type {typeof AudioWorkletNode} */ (
  globalThis.AudioWorkletNode ??
    class {
      constructor() {
        throw new Error('There is no Web Audio here.');
      }
    }
);

/** The node on the browser's own AudioWorkletNode. */
export class NativePluginNode extends createNativePluginNode(NativeBase) {
  /** @param {BaseAudioContext} context @param {NodeOptions} options */
  constructor(context, options) {
    super(context, /** @type {any} */ (options));
  }
}
