// <native-plugin-panel>: the knobs, switches, choices and meters of a node, from what the plugin says about itself.
//
// Thread: page. Invariant: each parameter that is not hidden has exactly one control; a group is built when it is first
// opened. Deliberately absent: the plugin's own editor; colours of the page, which come by custom properties.

import './knob.js';
import { trim, withUnit } from './knob.js';
import { ElementBase, element, sheet } from './styles.js';

const STYLE = /* css */ `
  :host { display: block; font: 13px/1.4 system-ui, sans-serif; color: inherit; }
  .tools { display: flex; gap: 8px; flex-wrap: wrap; margin-bottom: 8px; }
  .tools:empty { display: none; }
  input[type='search'], select, button { font: inherit; color: inherit; background: var(--native-field, Field); border: 1px solid var(--native-line, color-mix(in srgb, currentColor 25%, transparent));
    border-radius: 8px; padding: 5px 9px; min-height: 32px; box-sizing: border-box; max-width: 100%; }
  input[type='search'] { flex: 1 1 140px; min-width: 0; }
  button { cursor: pointer; }
  :focus-visible { outline: 2px solid var(--native-focus, var(--native-accent, Highlight)); outline-offset: 1px; }
  details { border-top: 1px solid var(--native-line, color-mix(in srgb, currentColor 15%, transparent)); }
  details:first-of-type { border-top: 0; }
  summary { cursor: pointer; padding: 7px 2px; font-weight: 600; font-size: 12px; letter-spacing: 0.02em; }
  summary .count { font-weight: 400; opacity: 0.6; }
  .grid { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: start; padding: 2px 0 10px; }
  .cell { display: grid; gap: 5px; min-width: 92px; max-width: 160px; padding: 6px 4px; font-size: 11px; font-weight: 500; align-content: start; }
  .cell > .name { opacity: 0.78; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .switch { display: inline-flex; align-items: center; gap: 7px; border: 0; background: none; padding: 2px; min-height: 28px; text-align: left; font-weight: 600; font-size: 11px; }
  .switch i { flex: none; width: 34px; height: 20px; border-radius: 10px; background: color-mix(in srgb, currentColor 22%, transparent); position: relative; transition: background 0.12s; }
  .switch i::after { content: ''; position: absolute; width: 14px; height: 14px; border-radius: 50%; left: 3px; top: 3px; background: var(--native-cap, Canvas); transition: left 0.12s; }
  .switch[aria-checked='true'] i { background: var(--native-accent, Highlight); }
  .switch[aria-checked='true'] i::after { left: 17px; }
  .meter { height: 8px; border-radius: 4px; background: color-mix(in srgb, currentColor 14%, transparent); overflow: hidden; }
  .meter b { display: block; height: 100%; width: 100%; transform-origin: left; background: var(--native-accent, Highlight); }
  .none { opacity: 0.65; padding: 4px 0 8px; margin: 0; }
  .programs { display: contents; }
  @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
  @media (forced-colors: active) { .switch i, .meter { border: 1px solid; } }
`;

/** From this many on there is a search field, and groups begin closed. */
const MANY = 24;

/** @type {CSSStyleSheet | undefined} */
let style;

export class NativePluginPanel extends ElementBase {
  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [(style ??= sheet(STYLE))];
    this.tools = element('div', { class: 'tools' });
    this.body = element('div', {});
    root.append(this.tools, this.body);
    /** @type {any} */
    this.shown = null;
    this.filter = '';
    /** What the controls were built from. */
    this.signature = '';
    /** @type {object | null} */
    this.toolsToken = null;
    this.rebuild = () => this.build();
    this.loaded = () => this.build(true);
    this.reprogram = () => this.buildTools();
    /** @type {(() => void)[]} */
    this.undo = [];
  }

  /** The node whose parameters are shown. @param {any} node */
  set node(node) {
    this.shown?.removeEventListener('parameterschange', this.rebuild);
    this.shown?.removeEventListener('ready', this.loaded);
    this.shown?.removeEventListener('programschange', this.reprogram);
    this.shown = node;
    if (node) {
      node.addEventListener('parameterschange', this.rebuild);
      node.addEventListener('ready', this.loaded);
      node.addEventListener('programschange', this.reprogram);
    }
    this.signature = '';
    this.build();
  }

  get node() {
    return this.shown;
  }

  disconnectedCallback() {
    for (const step of this.undo.splice(0)) step();
    this.signature = '';
  }

  connectedCallback() {
    this.build();
  }

  /** @returns {import('../parameters.js').NativeParam[]} */
  get visible() {
    return (this.shown?.paramList ?? []).filter((/** @type {any} */ param) => !['hidden', 'bypass', 'program'].includes(param.role));
  }

  /** @param {boolean} [loaded] presets can be asked for now */
  build(loaded = false) {
    const params = this.visible;
    const signature = params.map((param) => `${param.member}:${param.id}:${param.role}:${param.name}:${param.group}`).join('|');
    if (signature === this.signature && signature !== '') {
      if (loaded) this.buildTools();
      return;
    }
    this.signature = signature;
    for (const step of this.undo.splice(0)) step();
    this.buildTools();
    this.buildGroups();
  }

  buildGroups() {
    const wanted = this.filter.toLowerCase();
    const params = this.visible.filter((param) => !wanted || `${param.name} ${param.group}`.toLowerCase().includes(wanted));
    /** @type {Map<string, import('../parameters.js').NativeParam[]>} */
    const groups = new Map();
    const chain = (this.shown?.record?.members?.length ?? 1) > 1;
    for (const param of params) {
      const plugin = chain ? this.shown.record.members[param.member]?.plugin.name : '';
      const name = [plugin, param.group].filter(Boolean).join(' · ');
      groups.set(name, [...(groups.get(name) ?? []), param]);
    }
    const many = this.visible.length > MANY && !wanted;
    this.body.replaceChildren();
    if (params.length === 0) {
      const text = this.shown?.status === 'ready' || wanted ? 'No parameters to show.' : 'The plugin is being loaded …';
      this.body.append(element('p', { class: 'none' }, text));
    }
    if (groups.size === 1 && !many) {
      this.body.append(this.grid([...groups.values()][0]));
      return;
    }
    let first = true;
    for (const [name, list] of groups) {
      const title = element('summary', {}, `${name || 'Main'} `, element('span', { class: 'count' }, String(list.length)));
      const fold = element('details', { open: !many || first }, title);
      const fill = () => {
        if (fold.open && fold.childElementCount === 1) fold.append(this.grid(list));
      };
      fold.addEventListener('toggle', fill);
      fill();
      this.body.append(fold);
      first = false;
    }
  }

  /** @param {import('../parameters.js').NativeParam[]} params */
  grid(params) {
    const grid = element('div', { class: 'grid' });
    grid.append(...params.map((param) => this.control(param)));
    return grid;
  }

  /** @param {import('../parameters.js').NativeParam} param @param {() => void} show */
  follow(param, show) {
    param.addEventListener('change', show);
    this.undo.push(() => param.removeEventListener('change', show));
    show();
  }

  /** @param {import('../parameters.js').NativeParam} param @returns {HTMLElement} */
  control(param) {
    if (param.role === 'boolean') return this.switch(param);
    if (param.role === 'choice') return this.choice(param);
    if (param.role === 'meter') return this.meter(param);
    const knob = /** @type {import('./knob.js').NativeKnob} */ (document.createElement('native-knob'));
    knob.param = param;
    return knob;
  }

  /** @param {import('../parameters.js').NativeParam} param */
  switch(param) {
    const text = element('span');
    const button = element('button', { class: 'switch', role: 'switch', type: 'button', 'aria-label': param.name }, element('i'), text);
    button.addEventListener('click', () => {
      param.beginEdit();
      param.normalizedValue = param.norm >= 0.5 ? 0 : 1;
      param.endEdit();
      button.setAttribute('aria-checked', String(param.norm >= 0.5));
    });
    this.follow(param, () => {
      button.setAttribute('aria-checked', String(param.norm >= 0.5));
      text.textContent = param.text || (param.norm >= 0.5 ? 'On' : 'Off');
    });
    return element('div', { class: 'cell' }, element('span', { class: 'name', 'aria-hidden': 'true', title: param.name }, param.shortName), button);
  }

  /** @param {import('../parameters.js').NativeParam} param */
  choice(param) {
    const labels = param.choices ?? [];
    const select = element('select', { 'aria-label': param.name }, ...labels.map((label, index) => element('option', { value: index }, label)));
    select.addEventListener('change', () => {
      param.beginEdit();
      param.normalizedValue = Number(select.value) / Math.max(1, param.steps);
      param.endEdit();
    });
    this.follow(param, () => (select.value = String(Math.round(param.norm * param.steps))));
    return element('div', { class: 'cell' }, element('span', { class: 'name', 'aria-hidden': 'true', title: param.name }, param.shortName), select);
  }

  /** @param {import('../parameters.js').NativeParam} param */
  meter(param) {
    const bar = element('b');
    const text = element('span');
    const meter = element('div', { class: 'meter', role: 'meter', 'aria-label': param.name, 'aria-valuemin': trim(param.minValue), 'aria-valuemax': trim(param.maxValue) }, bar);
    this.follow(param, () => {
      bar.style.transform = `scaleX(${param.norm})`;
      text.textContent = withUnit(param.text, param.units);
      meter.setAttribute('aria-valuenow', trim(param.plain));
      meter.setAttribute('aria-valuetext', text.textContent);
    });
    return element('div', { class: 'cell' }, element('span', { class: 'name', 'aria-hidden': 'true', title: param.name }, param.shortName), meter, text);
  }

  async buildTools() {
    const node = this.shown;
    this.tools.replaceChildren();
    if (this.visible.length > MANY) {
      const search = element('input', { type: 'search', placeholder: `Search ${this.visible.length} parameters`, 'aria-label': 'Search parameters' });
      search.value = this.filter;
      search.addEventListener('input', () => {
        this.filter = search.value.trim();
        for (const step of this.undo.splice(0)) step();
        this.buildGroups();
      });
      this.tools.append(search);
    } else {
      this.filter = '';
    }
    if (node?.status !== 'ready') return;
    const token = (this.toolsToken = {});
    const members = node.record?.members ?? [{}];
    for (let member = 0; member < members.length; member++) {
      const [presets, lists] = await Promise.all([
        node.listPresets(member).catch(() => []), node.listPrograms(member).catch(() => []),
      ]);
      if (token !== this.toolsToken || this.shown !== node) return;
      const name = members.length > 1 ? `${members[member].plugin?.name}: ` : '';
      this.addPresets(node, member, presets, name);
      for (const list of lists) this.addPrograms(node, member, list, name);
    }
  }

  /** @param {any} node @param {number} member @param {{ name: string, scope: string }[]} presets @param {string} prefix */
  addPresets(node, member, presets, prefix) {
    const select = element('select', { 'aria-label': `${prefix}Preset` }, element('option', { value: '' }, `${prefix}Preset …`), ...presets.map(({ name }) => element('option', {}, name)));
    select.addEventListener('change', () => {
      if (select.value) node.loadPreset(select.value, member).catch((/** @type {any} */ error) => node.tell('pluginerror', { error }));
    });
    const save = element('button', { type: 'button', 'aria-label': `${prefix}Save as preset` }, 'Save');
    save.addEventListener('click', () => this.askName(save, async (name) => {
      await node.savePreset(name, member, { overwrite: true });
      await this.buildTools();
    }));
    if (presets.length > 0) this.tools.append(select);
    this.tools.append(save);
  }

  /** A field in the place of the button. @param {HTMLButtonElement} button @param {(name: string) => Promise<void>} act */
  askName(button, act) {
    const entry = element('input', { type: 'search', placeholder: 'Name, then Enter', 'aria-label': 'Name of the preset' });
    button.replaceWith(entry);
    entry.focus();
    const back = () => entry.isConnected && entry.replaceWith(button);
    entry.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Escape') {
        back();
        button.focus();
      }
      if (event.key !== 'Enter' || !entry.value.trim()) return;
      act(entry.value.trim()).catch((error) => this.shown?.tell('pluginerror', { error })).finally(back);
    });
    entry.addEventListener('blur', () => setTimeout(back, 200));
  }

  /** @param {any} node @param {number} member @param {{ id: number, name: string, programs: string[], current?: number }} list @param {string} prefix */
  addPrograms(node, member, list, prefix) {
    if (list.programs.length === 0) return;
    const select = element('select', { 'aria-label': `${prefix}${list.name || 'Program'}` }, ...list.programs.map((name, index) => element('option', { value: index }, name)));
    if (list.current !== undefined && list.current !== null) select.value = String(list.current);
    select.addEventListener('change', () => node.setProgram(list.id, Number(select.value), member).catch((/** @type {any} */ error) => node.tell('pluginerror', { error })));
    this.tools.append(select);
  }
}

if (globalThis.customElements && !customElements.get('native-plugin-panel')) customElements.define('native-plugin-panel', NativePluginPanel);
