// A plugin in the rack, as a card.

import { ICONS, icon, make, toast } from './dom.js';
import '../sonic-core/ui/plugin-panel.js';

const STATUS = /** @type {Record<string, string>} */ ({ waiting: 'Waiting for the bridge', loading: 'Loading …', failed: 'Not loaded' });

/** @param {import('./rack.js').Rack} rack @param {import('./rack.js').Lane} lane @param {import('./rack.js').Module} module */
export function moduleView(rack, lane, module) {
  const { node, plugin } = module;
  const power = make('button', { type: 'button', class: 'icon power', 'aria-pressed': String(!node.bypass), 'aria-label': `${plugin.name} on`, title: 'On, or bypassed' }, icon(ICONS.power));
  power.addEventListener('click', () => (node.bypass = !node.bypass));
  const sides = /** @type {const} */ (['A', 'B']).map((side) => {
    const button = make('button', { type: 'button', 'aria-pressed': String(module.side === side), 'aria-label': `Setting ${side}` }, side);
    button.addEventListener('click', () => module.compare(side).catch((error) => toast(error.message, 'error')));
    return button;
  });
  const act = (/** @type {string} */ label, /** @type {string} */ path, /** @type {() => void} */ run) =>
    make('button', { type: 'button', class: 'icon', 'aria-label': `${label} ${plugin.name}`, title: label, onclick: run }, icon(path));
  const panel = /** @type {import('../sonic-core/ui/plugin-panel.js').NativePluginPanel} */ (document.createElement('native-plugin-panel'));
  panel.node = node;
  const figures = make('span', { class: 'module-figures' });
  const trouble = make('p', { class: 'trouble', role: 'alert', hidden: true });
  const retry = make('button', { type: 'button', class: 'quiet', onclick: () => {
    trouble.hidden = true;
    node.status = 'waiting';
    node.start(false);
  } }, 'Load again');
  const card = make('article', { class: 'module', 'aria-label': plugin.name, 'data-kind': plugin.kind },
    make('header', {}, power,
      make('div', { class: 'title' }, make('h3', {}, plugin.name), make('p', {}, plugin.vendor)),
      make('div', { class: 'ab', role: 'group', 'aria-label': 'Compare' }, ...sides),
      act('Move left', ICONS.left, () => rack.move(lane, module, -1)), act('Move right', ICONS.right, () => rack.move(lane, module, 1)),
      act('Remove', ICONS.close, () => rack.remove(lane, module))),
    trouble, panel, make('footer', {}, figures));

  const showFigures = () => {
    const { stats } = node;
    const ms = (1000 * node.latencySeconds).toFixed(1);
    const parts = [`${ms} ms`, stats.rttMs.p50 ? `${stats.rttMs.p50.toFixed(1)} ms round trip` : '', `${stats.misses} underruns`, stats.guard ? `${stats.guard} silenced by the guard` : ''];
    figures.textContent = node.status === 'ready' ? parts.filter(Boolean).join(' · ') : (STATUS[node.status] ?? '');
    card.dataset.status = node.status;
  };
  const showBypass = () => {
    power.setAttribute('aria-pressed', String(!node.bypass));
    card.classList.toggle('bypassed', node.bypass);
  };
  for (const type of ['ready', 'waiting', 'failed', 'stats', 'latencychange', 'underrun']) node.addEventListener(type, showFigures);
  node.addEventListener('bypasschange', showBypass);
  node.addEventListener('ready', () => (trouble.hidden = true));
  node.addEventListener('pluginerror', (event) => {
    const { error } = /** @type {any} */ (event).detail;
    trouble.replaceChildren(`${error.message} ${error.hint ?? ''} `, ...(node.status === 'failed' ? [retry] : []));
    trouble.hidden = false;
  });
  module.addEventListener('side', () => sides.forEach((button) => button.setAttribute('aria-pressed', String(button.textContent === module.side))));
  showBypass();
  showFigures();
  return card;
}
