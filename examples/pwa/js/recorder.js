// Records the output and offers it as a WAV file.

import { byId, make, toast } from './dom.js';
import { wav } from './wav.js';

export class Recorder {
  /** @param {AudioContext} context @param {AudioNode} from */
  constructor(context, from) {
    this.context = context;
    this.node = new AudioWorkletNode(context, 'recorder', { numberOfOutputs: 1, channelCount: 2, channelCountMode: 'explicit' });
    from.connect(this.node);
    // A node that leads nowhere is not run.
    const mute = new GainNode(context, { gain: 0 });
    this.node.connect(mute).connect(context.destination);
    /** @type {Float32Array[][]} */
    this.chunks = [];
    this.on = false;
    this.node.port.onmessage = ({ data }) => (data === 'end' ? this.offer() : this.chunks.push(data));
    /** @type {HTMLButtonElement} */
    this.button = byId('record');
    this.button.addEventListener('click', () => (this.on ? this.stop() : this.start()));
    this.output = byId('recorded');
  }

  async start() {
    await this.context.resume();
    this.chunks = [];
    this.on = true;
    this.begun = performance.now();
    this.node.port.postMessage('start');
    this.button.setAttribute('aria-pressed', 'true');
    this.button.setAttribute('aria-label', 'Stop recording');
    this.tick = setInterval(() => {
      const seconds = Math.floor((performance.now() - (this.begun ?? 0)) / 1000);
      this.output.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    }, 250);
  }

  stop() {
    this.on = false;
    clearInterval(this.tick);
    this.node.port.postMessage('stop');
    this.button.setAttribute('aria-pressed', 'false');
    this.button.setAttribute('aria-label', 'Record to WAV');
  }

  offer() {
    this.output.replaceChildren();
    if (this.chunks.length === 0) return;
    const url = URL.createObjectURL(wav(this.chunks, this.context.sampleRate));
    const name = `sonic-rack-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.wav`;
    const link = make('a', { href: url, download: name, class: 'saved' }, 'Save WAV');
    this.output.append(link);
    link.click();
    toast(`Recorded ${name}`);
    setTimeout(() => URL.revokeObjectURL(url), 600000);
  }
}
