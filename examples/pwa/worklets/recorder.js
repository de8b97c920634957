// Hands the master's samples to the page while it records. Thread: audio.

registerProcessor('recorder', class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.on = false;
    /** @type {Float32Array<ArrayBuffer>[] | null} */
    this.chunk = null;
    this.filled = 0;
    this.port.onmessage = ({ data }) => {
      if (data === 'start') this.on = true;
      if (data === 'stop') {
        this.on = false;
        this.flush();
        this.port.postMessage('end');
      }
    };
  }

  flush() {
    if (!this.chunk || this.filled === 0) return;
    const part = this.chunk.map((channel) => channel.slice(0, this.filled));
    this.port.postMessage(part, part.map((channel) => channel.buffer));
    this.filled = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process([input]) {
    if (!this.on) return true;
    const frames = input.length > 0 ? input[0].length : 128;
    if (!this.chunk) this.chunk = [new Float32Array(16384), new Float32Array(16384)];
    if (this.filled + frames > 16384) this.flush();
    for (let channel = 0; channel < 2; channel++) {
      const from = input.length > 0 ? input[Math.min(channel, input.length - 1)] : null;
      if (from) this.chunk[channel].set(from, this.filled);
      else this.chunk[channel].fill(0, this.filled, this.filled + frames);
    }
    this.filled += frames;
    return true;
  }
});
