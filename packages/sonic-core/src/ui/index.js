// The elements, and the list for menus.

export { NativeKnob } from './knob.js';
export { CATEGORY, PluginMenu, menuItems } from './plugin-menu.js';
export { NativePluginPanel } from './plugin-panel.js';
