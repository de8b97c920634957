// Meters, scope and figures of the output. Thread: page, once per picture.

import { byId, make } from './dom.js';

const FLOOR = -60;
/** The scope shows half of full scale. */
const ZOOM = 2;

export class Meters {
  /** @param {AudioContext} context @param {AudioNode} from */
  constructor(context, from) {
    const split = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
    from.connect(split);
    this.analysers = [0, 1].map((channel) => {
      const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
      split.connect(analyser, channel);
      return analyser;
    });
    this.samples = new Float32Array(2048);
    this.level = [FLOOR, FLOOR];
    this.peak = [FLOOR, FLOOR];
    this.peakAt = [0, 0];
    this.clipped = false;
    /** @type {HTMLCanvasElement} */
    this.canvas = byId('scope');
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
    this.bars = ['Left', 'Right'].map((name) => {
      const fill = make('b');
      const hold = make('i');
      const meter = make('div', { class: 'meter', role: 'meter', 'aria-label': `${name} level`, 'aria-valuemin': FLOOR, 'aria-valuemax': 6 }, fill, hold);
      return { meter, fill, hold };
    });
    this.readout = make('button', { class: 'readout', type: 'button', title: 'Highest peak; click to reset' }, '–∞');
    this.readout.addEventListener('click', () => {
      this.top = FLOOR;
      this.clipped = false;
    });
    this.top = FLOOR;
    byId('meters').append(make('div', { class: 'bars' }, ...this.bars.map(({ meter }) => meter)), this.readout);
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    this.spoken = 0;
    const draw = (/** @type {number} */ now) => {
      this.draw(now);
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  resize() {
    const ratio = Math.min(2, devicePixelRatio || 1);
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    this.ratio = ratio;
  }

  /** @param {number} now */
  draw(now) {
    const style = getComputedStyle(this.canvas);
    const { width, height } = this.canvas;
    const { pen } = this;
    pen.clearRect(0, 0, width, height);
    pen.lineWidth = this.ratio ?? 1;
    pen.strokeStyle = style.getPropertyValue('--grid');
    pen.beginPath();
    for (const part of [0.25, 0.5, 0.75]) {
      pen.moveTo(0, height * part);
      pen.lineTo(width, height * part);
    }
    pen.stroke();
    for (const [channel, analyser] of this.analysers.entries()) {
      analyser.getFloatTimeDomainData(this.samples);
      let highest = 0;
      for (const sample of this.samples) highest = Math.max(highest, Math.abs(sample));
      this.meter(channel, highest > 0 ? Math.max(FLOOR, 20 * Math.log10(highest)) : FLOOR, now);
      this.wave(style.getPropertyValue(channel ? '--wave-b' : '--wave-a'), width, height);
    }
  }

  /** @param {string} colour @param {number} width @param {number} height */
  wave(colour, width, height) {
    const { pen, samples } = this;
    // The picture stands still: it begins where the signal rises through zero.
    let start = 0;
    for (let index = 1; index < 1024; index++) {
      if (samples[index - 1] < 0 && samples[index] >= 0) {
        start = index;
        break;
      }
    }
    const shown = 1024;
    pen.strokeStyle = colour;
    pen.lineWidth = 1.6 * (this.ratio ?? 1);
    pen.lineJoin = 'round';
    pen.beginPath();
    for (let x = 0; x <= width; x += 2) {
      const sample = samples[Math.min(2047, start + Math.floor((x / width) * shown))];
      const y = height / 2 - Math.max(-1, Math.min(1, sample * ZOOM)) * height * 0.47;
      if (x === 0) pen.moveTo(x, y);
      else pen.lineTo(x, y);
    }
    pen.stroke();
  }

  /** @param {number} channel @param {number} db @param {number} now */
  meter(channel, db, now) {
    this.level[channel] = Math.max(db, this.level[channel] - 1.1);
    if (db >= this.peak[channel] || now - this.peakAt[channel] > 1500) {
      this.peak[channel] = db;
      this.peakAt[channel] = now;
    }
    const share = (/** @type {number} */ value) => Math.max(0, Math.min(1, (value - FLOOR) / (6 - FLOOR)));
    const { fill, hold, meter } = this.bars[channel];
    fill.style.clipPath = `inset(${100 - 100 * share(this.level[channel])}% 0 0 0)`;
    hold.style.bottom = `${share(this.peak[channel]) * 100}%`;
    this.top = Math.max(this.top, db);
    if (db > 0) this.clipped = true;
    if (now - this.spoken > 300) {
      if (channel === 1) this.spoken = now;
      meter.setAttribute('aria-valuenow', this.level[channel].toFixed(0));
      this.readout.textContent = this.top <= FLOOR ? '–∞ dB' : `${this.top > 0 ? '+' : ''}${this.top.toFixed(1)} dB`;
      this.readout.classList.toggle('clipped', this.clipped);
    }
  }
}
