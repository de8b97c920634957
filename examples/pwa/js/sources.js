// What goes into the rack: a loop, a file, the microphone, an oscillator, or nothing but the keys.
//
// Invariant: one source at a time; stopping it leaves the rack running, so that tails ring on.

import { make, toast } from './dom.js';
import { LOOPS, loop } from './loops.js';
import { recall, remember } from './store.js';
import '../sonic-core/ui/knob.js';

export const KINDS = { loop: 'Loop', file: 'File', mic: 'Mic', osc: 'Osc', keys: 'Keys' };

export class Sources extends EventTarget {
  /** @param {AudioContext} context @param {AudioNode} out */
  constructor(context, out) {
    super();
    this.context = context;
    this.level = new GainNode(context, { gain: recall('source-level', 0.8) });
    this.level.connect(out);
    /** @type {keyof typeof KINDS} */
    this.kind = recall('source', 'loop');
    this.loopName = recall('loop', 'groove');
    /** @type {OscillatorType} */
    this.wave = recall('wave', 'sawtooth');
    this.pitch = recall('pitch', 0.4);
    this.playing = false;
    /** @type {AudioBuffer | null} */
    this.file = null;
    this.fileName = '';
    /** @type {(() => void) | null} */
    this.halt = null;
  }

  get frequency() {
    return 40 * 2 ** (this.pitch * 6);
  }

  async play() {
    await this.context.resume();
    this.stopSound();
    this.playing = true;
    try {
      const halt = await this.begin();
      if (this.playing) this.halt = halt;
      else halt?.();
    } catch (error) {
      this.playing = false;
      toast(error instanceof Error ? error.message : String(error), 'error');
    }
    this.dispatchEvent(new Event('change'));
  }

  /** @returns {Promise<(() => void) | null>} how to end it */
  async begin() {
    if (this.kind === 'loop') return this.buffer(await loop(this.loopName, this.context.sampleRate));
    if (this.kind === 'file') {
      if (!this.file) throw new Error('Choose a sound file first.');
      return this.buffer(this.file);
    }
    if (this.kind === 'mic') return this.microphone();
    if (this.kind === 'osc') return this.oscillator();
    return null;
  }

  /** @param {AudioBuffer} buffer */
  buffer(buffer) {
    const source = new AudioBufferSourceNode(this.context, { buffer, loop: true });
    return this.start(source, source);
  }

  /** @param {AudioScheduledSourceNode} source @param {AudioNode} end */
  start(source, end) {
    const gate = new GainNode(this.context, { gain: 0 });
    end.connect(gate).connect(this.level);
    gate.gain.setTargetAtTime(1, this.context.currentTime, 0.004);
    source.start();
    return () => {
      gate.gain.setTargetAtTime(0, this.context.currentTime, 0.008);
      source.stop(this.context.currentTime + 0.08);
      setTimeout(() => gate.disconnect(), 200);
    };
  }

  oscillator() {
    const source = new OscillatorNode(this.context, { type: this.wave, frequency: this.frequency });
    const quiet = new GainNode(this.context, { gain: 0.22 });
    source.connect(quiet);
    this.tone = source;
    return this.start(source, quiet);
  }

  async microphone() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
    } catch (error) {
      throw new Error(`The microphone could not be opened: ${error instanceof Error ? error.message : error}`);
    }
    const source = new MediaStreamAudioSourceNode(this.context, { mediaStream: stream });
    source.connect(this.level);
    return () => {
      source.disconnect();
      for (const track of stream.getTracks()) track.stop();
    };
  }

  stopSound() {
    this.halt?.();
    this.halt = null;
    this.tone = undefined;
  }

  stop() {
    this.playing = false;
    this.stopSound();
    this.dispatchEvent(new Event('change'));
  }

  /** @param {keyof typeof KINDS} kind */
  async choose(kind) {
    this.kind = kind;
    remember('source', kind);
    if (this.playing) await this.play();
    this.dispatchEvent(new Event('change'));
  }

  /** @param {File} file */
  async open(file) {
    try {
      this.file = await this.context.decodeAudioData(await file.arrayBuffer());
      this.fileName = file.name;
      await this.choose('file');
      await this.play();
    } catch {
      toast(`${file.name} could not be read as sound.`, 'error');
    }
  }

  // --- the card ----------------------------------------------------------------------------------------------------------

  /** @param {HTMLElement} kinds @param {HTMLElement} options */
  mount(kinds, options) {
    const buttons = Object.entries(KINDS).map(([kind, label]) => {
      const input = make('input', { type: 'radio', name: 'source-kind', value: kind, id: `source-${kind}`, checked: kind === this.kind });
      input.addEventListener('change', () => this.choose(/** @type {any} */ (kind)));
      return [input, make('label', { for: `source-${kind}` }, label)];
    }).flat();
    kinds.append(...buttons);
    const show = () => options.replaceChildren(...this.options());
    let shown = '';
    this.addEventListener('change', () => {
      for (const input of kinds.querySelectorAll('input')) input.checked = input.value === this.kind;
      const state = `${this.kind}:${this.fileName}`;
      if (state !== shown) show();
      shown = state;
    });
    show();
    shown = `${this.kind}:${this.fileName}`;
    document.addEventListener('dragover', (event) => event.preventDefault());
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) this.open(file);
    });
  }

  /** @returns {HTMLElement[]} */
  options() {
    const { kind } = this;
    const rest = kind === 'keys' ? [] : [this.levelKnob()];
    if (kind === 'loop') return [this.select('Loop', LOOPS, this.loopName, (name) => {
      this.loopName = name;
      remember('loop', name);
      if (this.playing) this.play();
    }), ...rest];
    if (kind === 'file') return [this.filePicker(), ...rest];
    if (kind === 'mic') return [make('p', { class: 'hint' }, 'Use headphones, or the room will feed back.'), ...rest];
    if (kind === 'osc') return [this.select('Wave', { sine: 'Sine', triangle: 'Triangle', sawtooth: 'Saw', square: 'Square' }, this.wave, (wave) => {
      this.wave = /** @type {OscillatorType} */ (wave);
      remember('wave', wave);
      if (this.tone) this.tone.type = this.wave;
    }), this.pitchKnob(), ...rest];
    return [make('p', { class: 'hint' }, 'Only what you play: add an instrument and use the keys below, or MIDI.')];
  }

  /** @param {string} label @param {Record<string, string>} choices @param {string} chosen @param {(value: string) => void} act */
  select(label, choices, chosen, act) {
    const select = make('select', { 'aria-label': label }, ...Object.entries(choices).map(([value, text]) => make('option', { value, selected: value === chosen }, text)));
    select.addEventListener('change', () => act(select.value));
    return select;
  }

  filePicker() {
    const input = make('input', { type: 'file', accept: 'audio/*,.wav,.flac,.mp3,.ogg,.m4a', class: 'hidden-input', id: 'file-input' });
    input.addEventListener('change', () => input.files?.[0] && this.open(input.files[0]));
    return make('div', { class: 'file' }, input, make('label', { for: 'file-input', class: 'button' }, 'Choose a file …'), make('span', { class: 'hint' }, this.fileName || 'or drop one anywhere'));
  }

  levelKnob() {
    const knob = /** @type {import('../sonic-core/ui/knob.js').NativeKnob} */ (make(/** @type {any} */ ('native-knob'), { label: 'Level', min: 0, max: 100, default: 80, value: this.level.gain.value * 100, unit: '%' }));
    knob.addEventListener('input', () => {
      this.level.gain.setTargetAtTime(knob.norm, this.context.currentTime, 0.01);
      remember('source-level', knob.norm);
    });
    return knob;
  }

  pitchKnob() {
    const text = () => `${this.frequency < 1000 ? this.frequency.toFixed(1) : Math.round(this.frequency)} Hz`;
    const knob = /** @type {import('../sonic-core/ui/knob.js').NativeKnob} */ (make(/** @type {any} */ ('native-knob'), { label: 'Pitch', min: 0, max: 1, default: 0.4, value: this.pitch, text: text() }));
    knob.addEventListener('input', () => {
      this.pitch = knob.norm;
      remember('pitch', this.pitch);
      this.tone?.frequency.setTargetAtTime(this.frequency, this.context.currentTime, 0.01);
      knob.setAttribute('text', text());
    });
    return knob;
  }
}
