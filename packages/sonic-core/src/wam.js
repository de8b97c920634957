// A native plugin for hosts of Web Audio Modules 2: they insert its node, show its knobs, save its state, automate it.
//
// Thread: page. Invariant: what a host asks that a native plugin cannot do is refused by name.
// Deliberately absent: the WAM environment on the audio thread; events between modules need it.

import { BridgeError } from './bridge-event.js';
import { NativePluginNode } from './native-plugin-node.js';
import { wamId } from './parameters.js';
import './ui/plugin-panel.js';

let nextInstance = 1;

/** The part of a WamNode that hosts use, on a native node. */
export class WamPluginNode extends NativePluginNode {
  /** @type {any} */
  module = null;

  get instanceId() {
    return this.module?.instanceId ?? '';
  }

  get moduleId() {
    return this.module?.moduleId ?? '';
  }

  get groupId() {
    return this.module?.groupId ?? '';
  }

  /** @param {string[]} ids */
  async getParameterInfo(...ids) {
    return Object.fromEntries(this.chosen(ids).map((param) => [wamId(param), param.toWam()]));
  }

  /** @param {boolean} [normalized] @param {string[]} ids */
  async getParameterValues(normalized = false, ...ids) {
    return Object.fromEntries(this.chosen(ids).map((param) => [wamId(param), { id: wamId(param), value: normalized ? param.norm : param.value, normalized }]));
  }

  /** @param {Record<string, { id: string, value: number, normalized: boolean }>} values */
  async setParameterValues(values) {
    for (const { id, value, normalized } of Object.values(values)) {
      const param = this.byWamId(id);
      if (!param) continue;
      if (normalized) param.normalizedValue = value;
      else param.value = value;
    }
    await this.settled();
  }

  /** @param {string[]} ids */
  chosen(ids) {
    const params = /** @type {import('./parameters.js').NativeParam[]} */ (this.paramList).filter(({ role }) => role !== 'hidden');
    return ids.length > 0 ? params.filter((param) => ids.includes(wamId(param))) : params;
  }

  /** @param {string} id */
  byWamId(id) {
    return /** @type {import('./parameters.js').NativeParam[]} */ (this.paramList).find((param) => wamId(param) === id);
  }

  async getCompensationDelay() {
    return this.latencySamples;
  }

  /** @param {{ type: string, time?: number, data: any }[]} events */
  scheduleEvents(...events) {
    for (const { type, time, data } of events) {
      if (type === 'wam-midi') this.midi(data.bytes, time);
      else if (type === 'wam-automation') {
        this.byWamId(data.id)?.setValueAtTime(data.value, time ?? this.context.currentTime, { space: data.normalized ? 'norm' : 'plain' });
      }
    }
  }

  clearEvents() {
    for (const param of this.paramList) param.cancelScheduledValues(0);
  }

  /** @returns {never} */
  connectEvents() {
    throw new BridgeError('A native plugin sends no events to other modules.', { kind: 'NOT_SUPPORTED' });
  }

  disconnectEvents() {}
}

/**
 * The class of a module.
 * @param {import('./connection-manager.js').ConnectionManager} bridge @param {string} plugin
 */
export function createWam(bridge, plugin) {
  const entry = bridge.plugins.find(({ id }) => id === plugin);
  return class NativeWam {
    static get isWebAudioModuleConstructor() {
      return true;
    }

    static get descriptor() {
      const instrument = entry?.kind === 'instrument';
      return {
        identifier: `sonic-bridge.${plugin}`, name: entry?.name ?? plugin, vendor: entry?.vendor ?? '', version: entry?.version ?? '0.0.0',
        apiVersion: '2.0.0', description: '', keywords: entry?.categories ?? [], isInstrument: instrument, thumbnail: '', website: '',
        hasAudioInput: !instrument, hasAudioOutput: true, hasMidiInput: instrument, hasMidiOutput: false,
        hasAutomationInput: true, hasAutomationOutput: false, hasMpeInput: false, hasMpeOutput: false, hasOscInput: false,
        hasOscOutput: false, hasSysexInput: false, hasSysexOutput: false,
      };
    }

    /** @param {string} groupId @param {BaseAudioContext} context @param {any} [state] */
    static async createInstance(groupId, context, state) {
      const module = new NativeWam(groupId, context);
      await module.initialize(state);
      return module;
    }

    /** @param {string} groupId @param {BaseAudioContext} context */
    constructor(groupId, context) {
      this.groupId = groupId;
      this.audioContext = context;
      this.instanceId = `${this.moduleId}.${nextInstance++}`;
      this.initialized = false;
      /** @type {any} */
      this.audioNode = null;
    }

    get isWebAudioModule() {
      return true;
    }

    get descriptor() {
      return NativeWam.descriptor;
    }

    get moduleId() {
      return NativeWam.descriptor.identifier;
    }

    get name() {
      return NativeWam.descriptor.name;
    }

    get vendor() {
      return NativeWam.descriptor.vendor;
    }

    /** @param {any} [state] */
    async initialize(state) {
      await WamPluginNode.register(this.audioContext);
      const node = new WamPluginNode(this.audioContext, { bridge, plugin, ...(state?.state ? { state: state.state } : {}) });
      node.module = this;
      // Its hosts know a state as an object, the node as a text.
      const wam = /** @type {any} */ (node);
      const [getState, setState] = [node.getState.bind(node), node.setState.bind(node)];
      await node.whenReady();
      wam.getState = async () => ({ plugin, state: await getState() });
      wam.setState = (/** @type {any} */ saved) => setState(saved.state);
      this.audioNode = node;
      this.initialized = true;
      return this;
    }

    async createGui() {
      const panel = /** @type {import('./ui/plugin-panel.js').NativePluginPanel} */ (document.createElement('native-plugin-panel'));
      panel.node = this.audioNode;
      return panel;
    }

    /** @param {import('./ui/plugin-panel.js').NativePluginPanel} gui */
    destroyGui(gui) {
      gui.node = null;
      gui.remove();
    }
  };
}
