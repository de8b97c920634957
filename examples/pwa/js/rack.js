// The rack: parallel lanes of plugins in series, kept in time, remembered over a reload.
//
// Invariant: all lanes arrive at the mixer with the same latency; every node that leaves the rack is destroyed.

import { BridgeEvent, NativePluginNode, compensate } from '../sonic-core/index.js';
import { recall, remember } from './store.js';

/** @typedef {InstanceType<typeof NativePluginNode>} PluginNode */
/** @typedef {{ id: string, name: string, vendor: string, kind: string }} PluginInfo */

let nextId = 1;

export class Module extends EventTarget {
  /** @param {PluginInfo} plugin @param {PluginNode} node */
  constructor(plugin, node) {
    super();
    this.key = nextId++;
    this.plugin = plugin;
    this.node = node;
    /** @type {'A' | 'B'} */
    this.side = 'A';
    /** @type {Record<string, string | null>} */
    this.sides = { A: null, B: null };
  }

  get instrument() {
    return this.plugin.kind === 'instrument';
  }

  /** The other of two settings; the first time it begins as a copy. @param {'A' | 'B'} side */
  async compare(side) {
    if (side === this.side) return;
    this.sides[this.side] = await this.node.getState();
    this.side = side;
    const other = this.sides[side];
    if (other !== null) await this.node.setState(other);
    this.dispatchEvent(new Event('side'));
  }

  save() {
    const { node } = this;
    return { plugin: this.plugin, state: node.lastState, instance: node.instance, bypass: node.bypass };
  }
}

export class Lane {
  /** @param {AudioContext} context @param {{ level?: number, muted?: boolean }} [saved] */
  constructor(context, saved = {}) {
    this.key = nextId++;
    this.input = new GainNode(context);
    this.output = new GainNode(context);
    this.level = saved.level ?? 0.8;
    this.muted = saved.muted ?? false;
    /** @type {Module[]} */
    this.modules = [];
    this.applyLevel();
  }

  /** The modules that are heard: from the last instrument on. */
  get heard() {
    const from = this.modules.map(({ instrument }) => instrument).lastIndexOf(true);
    return this.modules.slice(Math.max(0, from));
  }

  get latencySamples() {
    return this.heard.reduce((sum, { node }) => sum + node.latencySamples, 0);
  }

  applyLevel() {
    const gain = this.muted ? 0 : (this.level / 0.8) ** 2;
    this.output.gain.setTargetAtTime(gain, this.output.context.currentTime, 0.01);
  }
}

export class Rack extends EventTarget {
  /** @param {AudioContext} context @param {import('../sonic-core/index.js').ConnectionManager} bridge @param {AudioNode} out */
  constructor(context, bridge, out) {
    super();
    this.context = context;
    this.bridge = bridge;
    this.input = new GainNode(context);
    /** Silent while cables are moved. */
    this.mixer = new GainNode(context);
    this.mixer.connect(out);
    /** @type {Lane[]} */
    this.lanes = [];
    this.depth = recall('depth', 0);
    /** @type {ReturnType<typeof compensate> | null} */
    this.together = null;
    addEventListener('pagehide', () => this.save());
  }

  get modules() {
    return this.lanes.flatMap((lane) => lane.modules);
  }

  get latencySamples() {
    return Math.max(0, ...this.lanes.map((lane) => lane.latencySamples));
  }

  /** @param {string} type @param {any} [detail] */
  tell(type, detail) {
    this.dispatchEvent(new BridgeEvent(type, detail));
  }

  // --- building ------------------------------------------------------------------------------------------------------------

  /** @param {{ level?: number, muted?: boolean }} [saved] */
  addLane(saved) {
    const lane = new Lane(this.context, saved);
    this.lanes.push(lane);
    this.rewire();
    this.changed();
    return lane;
  }

  /** @param {Lane} lane */
  removeLane(lane) {
    for (const module of [...lane.modules]) this.remove(lane, module);
    this.lanes = this.lanes.filter((entry) => entry !== lane);
    this.rewire();
    this.changed();
  }

  /** @param {Lane} lane @param {PluginInfo} plugin @param {{ state?: string | null, instance?: number | null, bypass?: boolean }} [saved] */
  add(lane, plugin, saved = {}) {
    const node = new NativePluginNode(this.context, {
      bridge: this.bridge, plugin: plugin.id, bypass: saved.bypass, onUnderrun: plugin.kind === 'instrument' ? 'silence' : 'dry',
      ...(this.depth ? { latency: this.depth } : {}), ...(saved.state ? { state: saved.state } : {}), ...(saved.instance ? { instance: saved.instance } : {}),
    });
    const module = new Module(plugin, node);
    for (const type of ['ready', 'parameterchange', 'bypasschange', 'latencychange']) node.addEventListener(type, () => this.changed(false));
    node.addEventListener('latencychange', () => this.tell('latency'));
    lane.modules.push(module);
    this.rewire();
    this.changed();
    return module;
  }

  /** @param {Lane} lane @param {Module} module */
  remove(lane, module) {
    lane.modules = lane.modules.filter((entry) => entry !== module);
    this.rewire(() => module.node.destroy());
    this.changed();
  }

  /** @param {Lane} lane @param {Module} module @param {number} by */
  move(lane, module, by) {
    const from = lane.modules.indexOf(module);
    const to = from + by;
    if (to < 0 || to >= lane.modules.length) return;
    lane.modules.splice(from, 1);
    lane.modules.splice(to, 0, module);
    this.rewire();
    this.changed();
  }

  /** Takes all cables out and puts them in again. @param {() => void} [after] */
  rewire(after) {
    const { gain } = this.mixer;
    gain.cancelScheduledValues(0);
    gain.setValueAtTime(0, this.context.currentTime);
    this.together?.dispose();
    this.input.disconnect();
    for (const lane of this.lanes) {
      lane.input.disconnect();
      this.input.connect(lane.input);
      for (const { node } of lane.modules) node.disconnect();
      // An instrument makes its own sound: what stands before it is not heard in this lane.
      const heard = lane.heard.map(({ node }) => node);
      const chain = [...(lane.heard[0]?.instrument ? [] : [lane.input]), ...heard, lane.output];
      lane.output.disconnect();
      for (let index = 1; index < chain.length; index++) chain[index - 1].connect(chain[index]);
    }
    this.together = compensate(this.context, this.lanes.map((lane) => ({ output: lane.output, nodes: lane.heard.map(({ node }) => node) })), this.mixer);
    gain.setTargetAtTime(1, this.context.currentTime + 0.02, 0.02);
    after?.();
    this.tell('latency');
  }

  /** Quanta of buffering for all; 0 = chosen by itself. @param {number} depth */
  setDepth(depth) {
    this.depth = depth;
    remember('depth', depth);
    for (const { node } of this.modules) node.latency = depth || this.ownDepth(node);
  }

  /** @param {PluginNode} node */
  ownDepth(node) {
    const callback = Math.round((this.context.baseLatency ?? 0) * this.context.sampleRate) || 1024;
    return Math.ceil(callback / node.block) + (node.shared ? 4 : 20);
  }

  // --- remembering -----------------------------------------------------------------------------------------------------------

  /** @param {boolean} [structure] */
  changed(structure = true) {
    this.save();
    if (structure) this.tell('change');
  }

  save() {
    if (this.restoring) return;
    remember('rack', this.lanes.map((lane) => ({ level: lane.level, muted: lane.muted, modules: lane.modules.map((module) => module.save()) })));
  }

  restore() {
    this.restoring = true;
    const saved = recall('rack', /** @type {any[]} */ ([]));
    for (const entry of saved) {
      const lane = this.addLane(entry);
      for (const module of entry.modules) this.add(lane, module.plugin, module);
    }
    if (this.lanes.length === 0) this.addLane();
    this.restoring = false;
    this.changed();
  }

  /** What an earlier visit loaded and this rack does not hold is unloaded. */
  async tidy() {
    const { instances } = await this.bridge.call('LIST_INSTANCES');
    await Promise.all(this.modules.map(({ node }) => node.whenReady().catch(() => {})));
    const held = new Set(this.modules.map(({ node }) => node.instance));
    for (const { instance } of instances) {
      if (!held.has(instance)) await this.bridge.call('UNLOAD_PLUGIN', { instance }).catch(() => {});
    }
  }
}
