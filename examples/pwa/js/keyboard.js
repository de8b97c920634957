// Keys on the screen, letters of the computer's keyboard, and MIDI, for the instruments of the rack.

import { make, toast } from './dom.js';

const LETTERS = 'awsedftgyhujkolp';
const BLACK = [1, 3, 6, 8, 10];
const NAMES = ['C', 'C sharp', 'D', 'D sharp', 'E', 'F', 'F sharp', 'G', 'G sharp', 'A', 'A sharp', 'B'];

export class Keyboard {
  /** @param {HTMLElement} place @param {AudioContext} context @param {() => any[]} instruments nodes */
  constructor(place, context, instruments) {
    this.place = place;
    this.context = context;
    this.instruments = instruments;
    this.octave = 4;
    /** @type {Map<string, number>} what holds which key */
    this.held = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.buttons = new Map();
    this.octaveText = make('output', { class: 'octave', 'aria-live': 'polite' });
    this.keys = make('div', { class: 'piano', role: 'group', 'aria-label': 'Piano keys' });
    /** Fewer keys where there is little room. */
    this.narrow = matchMedia('(max-width: 560px)');
    this.narrow.addEventListener('change', () => this.buildKeys());
    this.build();
    addEventListener('keydown', (event) => this.letter(event, true));
    addEventListener('keyup', (event) => this.letter(event, false));
    addEventListener('blur', () => this.releaseAll());
  }

  build() {
    const shift = (/** @type {number} */ by) => () => {
      this.releaseAll();
      this.octave = Math.min(7, Math.max(1, this.octave + by));
      this.buildKeys();
    };
    this.midiButton = make('button', { type: 'button', class: 'quiet', onclick: () => this.openMidi() }, 'Connect MIDI');
    this.midiText = make('span', { class: 'hint' }, 'Letters A … P play, Z and X change the octave.');
    this.shifts = { z: shift(-1), x: shift(1) };
    this.place.append(
      make('div', { class: 'key-tools' },
        make('button', { type: 'button', class: 'quiet', 'aria-label': 'Octave down', onclick: this.shifts.z }, '−'), this.octaveText,
        make('button', { type: 'button', class: 'quiet', 'aria-label': 'Octave up', onclick: this.shifts.x }, '+'), this.midiText, this.midiButton),
      this.keys);
    this.buildKeys();
    if (!('requestMIDIAccess' in navigator)) this.midiButton.hidden = true;
    this.keys.addEventListener('pointerdown', (event) => this.touch(event, true));
    this.keys.addEventListener('pointermove', (event) => event.buttons > 0 && this.touch(event, true));
    for (const type of ['pointerup', 'pointercancel', 'pointerleave']) this.keys.addEventListener(type, (event) => this.touch(/** @type {PointerEvent} */ (event), false));
    this.keys.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  buildKeys() {
    this.buttons.clear();
    const first = this.octave * 12 + 12;
    const span = this.narrow.matches ? 16 : 24;
    this.octaveText.textContent = `C${this.octave} – ${span === 24 ? 'C' : 'E'}${this.octave + (span === 24 ? 2 : 1)}`;
    let white = 0;
    const made = [];
    for (let key = first; key <= first + span; key++) {
      const tone = key % 12;
      const black = BLACK.includes(tone);
      const name = `${NAMES[tone]} ${Math.floor(key / 12) - 1}`;
      const button = make('button', { type: 'button', class: black ? 'black' : 'white', 'aria-label': name, 'data-key': key, tabindex: key === first ? 0 : -1 },
        make('span', { 'aria-hidden': 'true' }, LETTERS[key - first] ?? ''));
      button.style.setProperty('--at', String(black ? white - 0.5 : white));
      if (!black) white++;
      // Space and Enter play while they are held; arrows go along.
      button.addEventListener('keydown', (event) => this.onKey(event, key, true));
      button.addEventListener('keyup', (event) => this.onKey(event, key, false));
      this.buttons.set(key, button);
      made.push(button);
    }
    this.keys.style.setProperty('--whites', String(white));
    this.keys.replaceChildren(...made);
  }

  /** @param {KeyboardEvent} event @param {number} key @param {boolean} down */
  onKey(event, key, down) {
    if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault();
      if (event.repeat) return;
      down ? this.press('key', key, 0.8) : this.release('key');
    } else if (down && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) {
      event.preventDefault();
      const next = this.buttons.get(key + (event.key === 'ArrowRight' ? 1 : -1));
      if (!next) return;
      this.buttons.get(key)?.setAttribute('tabindex', '-1');
      next.setAttribute('tabindex', '0');
      next.focus();
    }
  }

  /** @param {PointerEvent} event @param {boolean} down */
  touch(event, down) {
    const source = `pointer${event.pointerId}`;
    if (!down) return this.release(source);
    const found = document.elementFromPoint(event.clientX, event.clientY)?.closest('[data-key]');
    const key = found instanceof HTMLElement && this.keys.contains(found) ? Number(found.dataset.key) : NaN;
    if (Number.isNaN(key)) return;
    if (event.type === 'pointerdown') this.keys.releasePointerCapture?.(event.pointerId);
    if (this.held.get(source) === key) return;
    this.release(source);
    const box = /** @type {HTMLElement} */ (found).getBoundingClientRect();
    // Low on the key is loud, as on a real one.
    this.press(source, key, 0.45 + 0.5 * Math.min(1, (event.clientY - box.top) / box.height));
  }

  /** @param {KeyboardEvent} event @param {boolean} down */
  letter(event, down) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.place.hidden || document.querySelector('dialog[open]')) return;
    const target = event.composedPath()[0];
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return;
    const sign = event.key.toLowerCase();
    const at = LETTERS.indexOf(sign);
    if (down && !event.repeat && (sign === 'z' || sign === 'x')) this.shifts?.[sign]();
    if (at < 0 || sign.length !== 1) return;
    if (!down) return this.release(`letter${sign}`);
    if (!event.repeat) this.press(`letter${sign}`, this.octave * 12 + 12 + at, 0.78);
  }

  /** @param {string} source @param {number} key @param {number} velocity */
  press(source, key, velocity) {
    this.context.resume();
    this.held.set(source, key);
    this.buttons.get(key)?.classList.add('down');
    for (const node of this.instruments()) node.noteOn(key, velocity);
  }

  /** @param {string} source */
  release(source) {
    const key = this.held.get(source);
    if (key === undefined) return;
    this.held.delete(source);
    if ([...this.held.values()].includes(key)) return;
    this.buttons.get(key)?.classList.remove('down');
    for (const node of this.instruments()) node.noteOff(key);
  }

  releaseAll() {
    for (const source of [...this.held.keys()]) this.release(source);
  }

  async openMidi() {
    try {
      const access = await navigator.requestMIDIAccess();
      const listen = () => {
        const inputs = [...access.inputs.values()];
        for (const input of inputs) input.onmidimessage = (event) => this.midi(event);
        if (this.midiText) this.midiText.textContent = inputs.length ? inputs.map(({ name }) => name).join(', ') : 'No MIDI input is connected yet.';
      };
      access.onstatechange = listen;
      listen();
      if (this.midiButton) this.midiButton.hidden = true;
    } catch (error) {
      toast(`MIDI is not available: ${error instanceof Error ? error.message : error}`, 'error');
    }
  }

  /** @param {MIDIMessageEvent} event */
  midi(event) {
    const bytes = event.data;
    if (!bytes || bytes[0] >= 0xf0) return;
    for (const node of this.instruments()) node.midi(bytes);
    const kind = bytes[0] & 0xf0;
    if (kind === 0x90 || kind === 0x80) this.buttons.get(bytes[1])?.classList.toggle('down', kind === 0x90 && bytes[2] > 0);
  }
}
