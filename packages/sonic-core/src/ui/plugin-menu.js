// The list for an Add Module menu, without a look of its own.
//
// Thread: page. Invariant: there are entries only while the bridge is ready, and only of plugins that can be loaded.
// Deliberately absent: elements; the host has its own menu.

import { BridgeEvent } from '../bridge-event.js';

/** @typedef {{ label: string, detail: string, kind: string, plugin: string }} MenuItem */

/** What the category is called. */
export const CATEGORY = 'Native Plugins';

/**
 * Plugins whose name, vendor or category holds all the words, effects and instruments apart, by vendor and name.
 * @param {import('../connection-manager.js').PluginEntry[]} plugins @param {string} [search]
 * @returns {MenuItem[]}
 */
export function menuItems(plugins, search = '') {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return plugins
    .filter(({ state }) => state.toUpperCase() === 'OK')
    .filter(({ name, vendor, categories = [] }) => {
      const text = `${name} ${vendor} ${categories.join(' ')}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .map(({ id, name, vendor, kind, categories = [] }) => ({
      label: name, detail: [vendor, categories.filter((entry) => !/^(fx|instrument)$/i.test(entry)).join(', ')].filter(Boolean).join(' · '), kind, plugin: id,
    }))
    .sort((a, b) => (a.kind === b.kind ? a.label.localeCompare(b.label) : a.kind === 'instrument' ? -1 : 1));
}

export class PluginMenu extends EventTarget {
  /** @param {import('../connection-manager.js').ConnectionManager} bridge */
  constructor(bridge) {
    super();
    this.bridge = bridge;
    /** @type {MenuItem[]} */
    this.items = [];
    this.onState = () => this.refresh();
    this.onPlugins = () => this.show();
    bridge.addEventListener('statechange', this.onState);
    bridge.addEventListener('pluginschange', this.onPlugins);
    this.refresh();
  }

  async refresh() {
    if (this.bridge.ready) await this.bridge.listPlugins().catch(() => []);
    this.show();
  }

  show() {
    this.items = this.bridge.ready ? menuItems(this.bridge.plugins) : [];
    this.dispatchEvent(new BridgeEvent('change', this.items));
  }

  /** `{ 'Native Plugins': [{ label, plugin, … }] }`, or `{}` while there is nothing to add. */
  get categories() {
    return this.items.length > 0 ? { [CATEGORY]: this.items } : {};
  }

  dispose() {
    this.bridge.removeEventListener('statechange', this.onState);
    this.bridge.removeEventListener('pluginschange', this.onPlugins);
  }
}
