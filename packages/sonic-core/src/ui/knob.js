// <native-knob>: one parameter, for mouse, touch, keyboard and screen reader.
//
// Thread: page. Invariant: everything a person does happens between 'gesturestart' and 'gestureend'; the value for
// assistive technology is plain, its text the plugin's own. Deliberately absent: what the parameter belongs to.

import { BridgeEvent } from '../bridge-event.js';
import { ElementBase, element, sheet, svg } from './styles.js';

const STYLE = /* css */ `
  :host { --knob: var(--native-knob-size, 52px); display: inline-grid; justify-items: center; gap: 2px; width: max(var(--knob), 76px);
    font: 500 11px/1.25 system-ui, sans-serif; color: inherit; touch-action: none; user-select: none; -webkit-user-select: none;
    cursor: ns-resize; border-radius: 10px; padding: 6px 2px 4px; outline: none; box-sizing: border-box; position: relative; }
  :host(:focus-visible) { box-shadow: 0 0 0 2px var(--native-focus, var(--native-accent, Highlight)); }
  :host([aria-disabled='true']), :host([aria-readonly='true']) { cursor: default; }
  :host([aria-disabled='true']) { opacity: 0.45; }
  svg { width: var(--knob); height: var(--knob); display: block; overflow: visible; }
  .track, .arc { fill: none; stroke-width: 4; stroke-linecap: round; }
  .track { stroke: currentColor; opacity: 0.16; }
  .arc { stroke: var(--native-accent, Highlight); transition: d 0.06s linear; }
  .cap { fill: var(--native-cap, color-mix(in srgb, currentColor 10%, Canvas)); stroke: currentColor; stroke-opacity: 0.14; }
  .hand { stroke: currentColor; stroke-width: 2.5; stroke-linecap: round; }
  .label, .text { max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: center; }
  .label { opacity: 0.78; }
  .text { font-variant-numeric: tabular-nums; font-weight: 600; min-height: 1.25em; }
  input { position: absolute; inset: auto 0 2px 0; width: 100%; box-sizing: border-box; font: inherit; text-align: center; color: FieldText;
    background: Field; border: 1px solid var(--native-accent, Highlight); border-radius: 5px; padding: 2px; user-select: text; -webkit-user-select: text; }
  @media (prefers-reduced-motion: reduce) { .arc { transition: none; } }
  @media (forced-colors: active) { .arc { stroke: Highlight; } .track { opacity: 0.5; } }
`;

/** Degrees from straight up, at the ends. */
const SWEEP = 135;
const RADIUS = 21;
/** Pixels of a drag over the whole range. */
const DRAG = 190;
const FINE = 0.1;
const KEY_GESTURE_MS = 500;

/** @param {number} degrees @param {number} radius */
const at = (degrees, radius) => {
  const angle = ((degrees - 90) * Math.PI) / 180;
  return `${(25 + radius * Math.cos(angle)).toFixed(2)} ${(25 + radius * Math.sin(angle)).toFixed(2)}`;
};

/** @param {number} from @param {number} to degrees */
const arc = (from, to) => {
  const [a, b] = from <= to ? [from, to] : [to, from];
  return `M ${at(a, RADIUS)} A ${RADIUS} ${RADIUS} 0 ${b - a > 180 ? 1 : 0} 1 ${at(b, RADIUS)}`;
};

/** @type {CSSStyleSheet | undefined} */
let style;

export class NativeKnob extends ElementBase {
  static get observedAttributes() {
    return ['label', 'min', 'max', 'value', 'default', 'step', 'text', 'unit', 'disabled', 'readonly'];
  }

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [(style ??= sheet(STYLE))];
    const drawing = svg('svg', { viewBox: '0 0 50 50', 'aria-hidden': 'true' });
    this.arc = svg('path', { class: 'arc' });
    this.hand = svg('path', { class: 'hand' });
    drawing.append(svg('path', { class: 'track', d: arc(-SWEEP, SWEEP) }), this.arc, svg('circle', { class: 'cap', cx: 25, cy: 25, r: 15 }), this.hand);
    this.labelBox = element('span', { class: 'label', 'aria-hidden': 'true' });
    this.textBox = element('span', { class: 'text', 'aria-hidden': 'true' });
    root.append(this.labelBox, drawing, this.textBox);
    this.normalized = 0;
    this.defaultNorm = 0;
    /** 0 for a continuous one. */
    this.steps = 0;
    this.plainText = '';
    /** @type {number | null} */
    this.plainValue = null;
    this.holding = false;
    /** @type {import('../parameters.js').NativeParam | null} */
    this.bound = null;
    this.onParam = () => this.readParam();
    this.addEventListener('pointerdown', (event) => this.grab(event));
    this.addEventListener('pointermove', (event) => this.drag(event));
    this.addEventListener('pointerup', () => this.release());
    this.addEventListener('pointercancel', () => this.release());
    this.addEventListener('lostpointercapture', () => this.release());
    this.addEventListener('dblclick', () => this.toDefault());
    this.addEventListener('keydown', (event) => this.key(event));
    this.addEventListener('blur', () => this.endKeys());
    this.addEventListener('wheel', (event) => this.turn(event), { passive: false });
  }

  connectedCallback() {
    this.setAttribute('role', 'slider');
    this.setAttribute('aria-orientation', 'vertical');
    if (!this.hasAttribute('tabindex')) this.tabIndex = this.locked ? -1 : 0;
    if (this.bound) this.bound.addEventListener('change', this.onParam);
    this.readAttributes();
  }

  disconnectedCallback() {
    this.release();
    this.endKeys();
    this.bound?.removeEventListener('change', this.onParam);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.readAttributes();
  }

  readAttributes() {
    const number = (/** @type {string} */ name, /** @type {number} */ fallback) => Number(this.getAttribute(name) ?? fallback);
    if (!this.bound) {
      this.min = number('min', 0);
      this.max = number('max', 1);
      const step = number('step', 0);
      const width = this.max - this.min || 1;
      this.steps = step > 0 ? Math.round(width / step) : 0;
      if (this.hasAttribute('value') && !this.holding) this.normalized = clamp((number('value', 0) - this.min) / width);
      this.defaultNorm = clamp((number('default', this.min) - this.min) / width);
      this.plainText = this.getAttribute('text') ?? '';
      this.plainValue = null;
    }
    this.draw();
  }

  /** Follows a parameter and turns it. @param {import('../parameters.js').NativeParam | null} param */
  set param(param) {
    this.bound?.removeEventListener('change', this.onParam);
    this.bound = param;
    if (!param) return;
    if (this.isConnected) param.addEventListener('change', this.onParam);
    this.readParam();
  }

  get param() {
    return this.bound;
  }

  readParam() {
    const param = this.bound;
    if (!param) return;
    this.min = param.minValue;
    this.max = param.maxValue;
    this.steps = param.steps;
    this.defaultNorm = param.defaultNormalized;
    if (!this.holding || param.steps > 0) this.normalized = param.norm;
    this.plainText = withUnit(param.text, param.units);
    this.plainValue = param.plain;
    this.draw();
  }

  get label() {
    return this.getAttribute('label') ?? this.bound?.shortName ?? '';
  }

  get locked() {
    return this.hasAttribute('disabled') || this.hasAttribute('readonly') || Boolean(this.bound?.flags.has('readonly'));
  }

  /** 0 … 1. */
  get norm() {
    return this.normalized;
  }

  set norm(value) {
    this.normalized = clamp(value);
    this.draw();
  }

  /** Plain. */
  get value() {
    return this.plainValue ?? (this.min ?? 0) + this.normalized * ((this.max ?? 1) - (this.min ?? 0));
  }

  draw() {
    const { min = 0, max = 1 } = this;
    const degrees = -SWEEP + 2 * SWEEP * this.normalized;
    const from = min < 0 && max > 0 && this.defaultNorm > 0.02 && this.defaultNorm < 0.98 ? -SWEEP + 2 * SWEEP * this.defaultNorm : -SWEEP;
    this.arc.setAttribute('d', arc(from, Math.abs(degrees - from) < 0.5 ? from + 0.5 : degrees));
    this.hand.setAttribute('d', `M ${at(degrees, 6)} L ${at(degrees, 12.5)}`);
    const text = this.plainText || withUnit(trim(this.value), this.getAttribute('unit') ?? '');
    this.labelBox.textContent = this.label;
    this.textBox.textContent = text;
    this.title = `${this.bound?.name ?? this.label}: ${text}`;
    const aria = {
      'aria-label': this.bound?.name ?? this.label, 'aria-valuemin': trim(min), 'aria-valuemax': trim(max), 'aria-valuenow': trim(this.value),
      'aria-valuetext': text, 'aria-disabled': this.hasAttribute('disabled') ? 'true' : null,
      'aria-readonly': this.locked && !this.hasAttribute('disabled') ? 'true' : null,
    };
    for (const [name, value] of Object.entries(aria)) {
      if (value === null) this.removeAttribute(name);
      else if (this.getAttribute(name) !== value) this.setAttribute(name, value);
    }
  }

  // --- gestures --------------------------------------------------------------------------------------------------------

  begin() {
    if (this.holding) return;
    this.holding = true;
    this.bound?.beginEdit();
    this.dispatchEvent(new BridgeEvent('gesturestart'));
  }

  finish() {
    if (!this.holding) return;
    this.holding = false;
    this.bound?.endEdit();
    this.dispatchEvent(new BridgeEvent('gestureend'));
    this.dispatchEvent(new BridgeEvent('change', this.normalized));
  }

  /** @param {number} norm */
  move(norm) {
    const wanted = this.steps > 0 ? Math.round(clamp(norm) * this.steps) / this.steps : clamp(norm);
    if (wanted === this.normalized) return;
    this.normalized = wanted;
    this.plainValue = null;
    if (this.bound) this.bound.normalizedValue = wanted;
    else this.plainText = '';
    this.draw();
    this.dispatchEvent(new BridgeEvent('input', wanted));
  }

  /** @param {PointerEvent} event */
  grab(event) {
    if (this.locked || event.button !== 0 || event.composedPath()[0] instanceof HTMLInputElement) return;
    this.endKeys();
    this.setPointerCapture(event.pointerId);
    this.focus({ preventScroll: true });
    this.hold = { y: event.clientY, x: event.clientX, norm: this.normalized };
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const { hold } = this;
    if (!hold) return;
    const pixels = hold.y - event.clientY + (event.clientX - hold.x) * 0.5;
    if (!this.holding && Math.abs(pixels) < 2) return;
    this.begin();
    hold.norm = clamp(hold.norm + (pixels / DRAG) * (event.shiftKey ? FINE : 1));
    hold.y = event.clientY;
    hold.x = event.clientX;
    this.move(hold.norm);
  }

  release() {
    if (!this.hold) return;
    this.hold = undefined;
    this.finish();
  }

  /** @param {WheelEvent} event */
  turn(event) {
    if (this.locked || !this.matches(':focus')) return;
    event.preventDefault();
    const step = this.steps > 0 ? 1 / this.steps : event.shiftKey ? 0.001 : 0.01;
    this.byKeys(this.normalized - Math.sign(event.deltaY || event.deltaX) * step);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (this.locked || event.altKey || event.ctrlKey || event.metaKey || event.composedPath()[0] instanceof HTMLInputElement) return;
    const step = this.steps > 0 ? 1 / this.steps : event.shiftKey ? 0.001 : 0.01;
    const page = Math.max(step, 0.1);
    const moves = /** @type {Record<string, () => void>} */ ({
      ArrowUp: () => this.byKeys(this.normalized + step), ArrowRight: () => this.byKeys(this.normalized + step),
      ArrowDown: () => this.byKeys(this.normalized - step), ArrowLeft: () => this.byKeys(this.normalized - step),
      PageUp: () => this.byKeys(this.normalized + page), PageDown: () => this.byKeys(this.normalized - page),
      Home: () => this.byKeys(0), End: () => this.byKeys(1), Delete: () => this.toDefault(), Backspace: () => this.toDefault(),
      Enter: () => this.type(),
    });
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  }

  /** Presses that follow each other are one gesture. @param {number} norm */
  byKeys(norm) {
    this.begin();
    this.move(norm);
    clearTimeout(this.keyTimer);
    this.keyTimer = setTimeout(() => this.endKeys(), KEY_GESTURE_MS);
  }

  endKeys() {
    clearTimeout(this.keyTimer);
    if (this.keyTimer !== undefined) this.finish();
    this.keyTimer = undefined;
  }

  toDefault() {
    if (this.locked) return;
    this.begin();
    this.move(this.defaultNorm);
    this.finish();
  }

  /** Lets a value be typed. */
  type() {
    if (this.locked || this.entry) return;
    this.endKeys();
    const entry = element('input', { type: 'text', 'aria-label': `${this.label}, new value`, autocomplete: 'off', spellcheck: 'false' });
    entry.value = this.plainText || trim(this.value);
    this.entry = entry;
    const done = (/** @type {boolean} */ take) => {
      if (this.entry !== entry) return;
      this.entry = undefined;
      const back = this.shadowRoot?.activeElement === entry;
      entry.remove();
      if (back) this.focus();
      if (take) this.typed(entry.value.trim());
    };
    entry.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Enter') done(true);
      if (event.key === 'Escape') done(false);
    });
    entry.addEventListener('blur', () => done(true));
    this.shadowRoot?.append(entry);
    entry.focus();
    entry.select();
  }

  /** @param {string} text */
  typed(text) {
    if (!text || text === this.plainText) return;
    this.begin();
    if (this.bound) {
      this.bound.setText(text);
    } else {
      const { min = 0, max = 1 } = this;
      const number = parseFloat(text.replace(',', '.'));
      if (Number.isFinite(number)) this.move((number - min) / (max - min || 1));
    }
    this.finish();
  }
}

/** @param {number} value */
const clamp = (value) => (value >= 0 ? Math.min(1, value) : 0);

/** A number as people write it. @param {number} value */
export const trim = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(5))) : String(value));

/** The plugin's text, and its unit if the text has none. @param {string} text @param {string} unit */
export const withUnit = (text, unit) =>
  unit && text && !text.toLowerCase().includes(unit.toLowerCase()) && !/[a-zA-Z%°]\s*$/.test(text) ? `${text} ${unit}` : text;

if (globalThis.customElements && !customElements.get('native-knob')) customElements.define('native-knob', NativeKnob);
