// What the Sonic-Core PWA needs, in the shapes it already has: menu items, modules, descriptors, nodes, worklet URLs.
//
// Thread: page. Invariant: a node is made synchronously, also on an offline context, where rendering itself waits for the
// plugin; a module carries all that is needed to make it again. Deliberately absent: React, and that program's files;
// docs/sonic-core.md walks through the patch.

import { createNativePluginNode, PROCESSOR_URL } from './native-plugin-node.js';
import { CATEGORY, PluginMenu, menuItems } from './ui/plugin-menu.js';

/** The type of a rack module that is a native plugin. */
export const NATIVE_TYPE = 'NATIVE_PLUGIN';
/** For the list of a WorkletProvider. */
export const NATIVE_WORKLET_URL = PROCESSOR_URL;
export { CATEGORY, PluginMenu };

const SEPARATOR = ':';
/** Keys of a module's parameters that are no parameters of the plugin. */
const OWN_KEYS = new Set(['pluginUid', 'pluginName', 'state']);

/** @typedef {{ id: string, name: string, type: string, bypass: boolean, parameters: Record<string, any> }} RackModule */

/** A menu item's type carries the plugin, because menus pass on nothing but a type. @param {string} type */
export const isNativeType = (type) => type === NATIVE_TYPE || type.startsWith(NATIVE_TYPE + SEPARATOR);

/**
 * The category for the Add Module menu: `{ 'Native Plugins': [{ label, type }] }`, or `{}` while the bridge is not ready.
 * @param {import('./connection-manager.js').ConnectionManager} bridge
 * @returns {Record<string, { label: string, type: string }[]>}
 */
export function nativeCategories(bridge) {
  const items = bridge.ready ? menuItems(bridge.plugins) : [];
  if (items.length === 0) return {};
  return { [CATEGORY]: items.map(({ label, plugin }) => ({ label, type: NATIVE_TYPE + SEPARATOR + plugin })) };
}

/**
 * A module for such an item, as createDefaultModule gives it.
 * @param {string} type @param {import('./connection-manager.js').ConnectionManager} bridge @param {string} id
 * @returns {RackModule}
 */
export function createNativeModule(type, bridge, id) {
  const pluginUid = type.slice(NATIVE_TYPE.length + SEPARATOR.length);
  const name = bridge.plugins.find((plugin) => plugin.id === pluginUid)?.name ?? 'Native plugin';
  return { id, name, type: NATIVE_TYPE, bypass: false, parameters: { pluginUid, pluginName: name, state: null } };
}

/**
 * A loaded plugin in the shape of a ModuleDescriptor.
 * @param {{ params: Map<string, import('./parameters.js').NativeParam> }} node
 */
export function nativeDescriptor(node) {
  const params = [...node.params]
    .filter(([, param]) => !['hidden', 'meter', 'program'].includes(param.role))
    .map(([name, param]) => ({ name, defaultValue: param.defaultValue, minValue: param.minValue, maxValue: param.maxValue }));
  return { type: NATIVE_TYPE, params };
}

/**
 * A WorkletProvider that has the processor besides its own modules.
 * @template {{ getModuleUrls(): string[] }} P
 * @param {P} provider @param {string} [url] what the bundler made of the processor's file
 * @returns {P}
 */
export function withNativeWorklet(provider, url = NATIVE_WORKLET_URL) {
  return new Proxy(provider, {
    get(target, key) {
      if (key === 'getModuleUrls') return () => [...target.getModuleUrls(), url];
      const value = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * Nodes for a NodeFactory.
 * @param {{ bridge: import('./connection-manager.js').ConnectionManager, AudioWorkletNode: any,
 *   addAudioWorkletModule?: (context: any, url: string) => Promise<void>, onUnderrun?: 'silence' | 'dry' }} options the
 *   class of standardized-audio-context, or the browser's own
 */
export function createNativeNodes(options) {
  const { bridge } = options;
  const Node = createNativePluginNode(options.AudioWorkletNode, options.addAudioWorkletModule);
  /** The live node of each module, of which an offline one is a copy. @type {Map<string, any>} */
  const live = new Map();
  return {
    Node,
    /** For NodeFactory.create. @param {RackModule} module @param {any} context */
    create(module, context) {
      const offline = typeof context.startRendering === 'function';
      const original = live.get(module.id);
      const state = (offline ? original?.lastState : null) ?? module.parameters.state ?? undefined;
      const node = new Node(context, {
        bridge, plugin: module.parameters.pluginUid, onUnderrun: options.onUnderrun ?? 'dry', ...(state ? { state } : {}),
        // This rack knows no compensation of latency, so a bounce has none: slower, but in time.
        ...(offline && bridge.transport.bell ? { latency: 0 } : {}),
      });
      if (offline) {
        for (const param of original?.turned ?? []) node.early.set(param.id, param.value);
      } else {
        live.set(module.id, node);
        node.addEventListener('destroyed', () => live.get(module.id) === node && live.delete(module.id));
      }
      return node;
    },
    /** The live node of a module, for its unit in the rack. @param {string} moduleId */
    nodeOf: (moduleId) => live.get(moduleId) ?? null,
    /** Values and state to keep in the module. @param {string} moduleId @returns {Promise<Record<string, any> | null>} */
    async snapshot(moduleId) {
      const node = live.get(moduleId);
      return node ? { state: await node.getState() } : null;
    },
    /** For cleanupNodeMap: what leaves the rack is unloaded. @param {Map<string, any>} nodeMap @param {{ id: string }[]} rack */
    cleanup(nodeMap, rack) {
      const kept = new Set(rack.map(({ id }) => id));
      for (const [id, node] of nodeMap) if (!kept.has(id)) node.dispose?.();
    },
    /** Keys of a module's parameters that are the plugin's. @param {RackModule} module */
    pluginValues: (module) => Object.fromEntries(Object.entries(module.parameters).filter(([key]) => !OWN_KEYS.has(key))),
  };
}
