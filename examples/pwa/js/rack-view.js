// Lanes and their cards. Cards stay the same elements when they move, so that focus and open groups stay.

import { ICONS, byId, icon, make } from './dom.js';
import { moduleView } from './module-view.js';
import '../sonic-core/ui/knob.js';

export class RackView {
  /** @param {import('./rack.js').Rack} rack @param {(lane: import('./rack.js').Lane) => void} addModule */
  constructor(rack, addModule) {
    this.rack = rack;
    this.addModule = addModule;
    /** @type {Map<number, HTMLElement>} */
    this.cards = new Map();
    /** @type {Map<number, { element: HTMLElement, list: HTMLElement, title: HTMLElement, empty: HTMLElement, remove: HTMLButtonElement }>} */
    this.lanes = new Map();
    rack.addEventListener('change', () => this.show());
    byId('add-lane').addEventListener('click', () => rack.addLane());
  }

  show() {
    const { rack } = this;
    const place = byId('rack');
    const focused = document.activeElement;
    const elements = rack.lanes.map((lane, index) => this.lane(lane, index));
    for (const [index, element] of elements.entries()) if (place.children[index] !== element) place.insertBefore(element, place.children[index] ?? null);
    while (place.children.length > elements.length) place.lastElementChild?.remove();
    const keys = new Set(rack.modules.map(({ key }) => key));
    for (const key of this.cards.keys()) if (!keys.has(key)) this.cards.delete(key);
    if (focused instanceof HTMLElement && focused.isConnected) focused.focus();
  }

  /** @param {import('./rack.js').Lane} lane @param {number} index */
  lane(lane, index) {
    let view = this.lanes.get(lane.key);
    if (!view) {
      view = this.build(lane);
      this.lanes.set(lane.key, view);
    }
    view.title.textContent = `Lane ${index + 1}`;
    view.element.setAttribute('aria-label', `Lane ${index + 1}`);
    view.element.dataset.hue = String(index % 4);
    view.remove.hidden = this.rack.lanes.length < 2;
    const cards = lane.modules.map((module) => {
      let card = this.cards.get(module.key);
      if (!card) {
        card = moduleView(this.rack, lane, module);
        this.cards.set(module.key, card);
      }
      return card;
    });
    for (const [at, card] of cards.entries()) if (view.list.children[at] !== card) view.list.insertBefore(card, view.list.children[at] ?? null);
    while (view.list.children.length > cards.length) view.list.lastElementChild?.remove();
    view.empty.hidden = cards.length > 0;
    return view.element;
  }

  /** @param {import('./rack.js').Lane} lane */
  build(lane) {
    const { rack } = this;
    const title = make('h2', {});
    const level = /** @type {import('../sonic-core/ui/knob.js').NativeKnob} */ (make(/** @type {any} */ ('native-knob'), { label: 'Level', min: 0, max: 1, default: 0.8, value: lane.level, text: decibels(lane.level), class: 'small' }));
    level.addEventListener('input', () => {
      lane.level = level.norm;
      lane.applyLevel();
      level.setAttribute('text', decibels(lane.level));
      rack.save();
    });
    const mute = make('button', { type: 'button', class: 'toggle', 'aria-pressed': String(lane.muted) }, 'Mute');
    mute.addEventListener('click', () => {
      lane.muted = !lane.muted;
      mute.setAttribute('aria-pressed', String(lane.muted));
      lane.applyLevel();
      rack.save();
    });
    const remove = make('button', { type: 'button', class: 'icon', 'aria-label': 'Remove this lane', title: 'Remove this lane', onclick: () => rack.removeLane(lane) }, icon(ICONS.close));
    const list = make('div', { class: 'modules' });
    const empty = make('p', { class: 'empty' }, 'The source passes through as it is. Add a module to change it.');
    const add = make('button', { type: 'button', class: 'add', 'aria-haspopup': 'dialog', onclick: () => this.addModule(lane) }, icon(ICONS.plus), make('span', {}, 'Add Module'));
    const element = make('section', { class: 'lane' }, make('header', {}, title, level, mute, remove), empty, list, add);
    return { element, list, title, empty, remove };
  }
}

/** @param {number} level */
const decibels = (level) => (level <= 0 ? '–∞ dB' : `${(40 * Math.log10(level / 0.8)).toFixed(1)} dB`);
