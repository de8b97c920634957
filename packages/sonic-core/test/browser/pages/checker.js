// Worklets of the tests: a signal that is different at every frame, and a checker that knows it.

const sig = (/** @type {number} */ frame, /** @type {number} */ channel) => {
  let x = Math.imul(frame + 1, 2654435761) ^ Math.imul(channel + 1, 40503);
  x ^= x >>> 15;
  x = Math.imul(x, 2246822519);
  x ^= x >>> 13;
  // 23 bits are exact in f32, and never 0.
  return (((x & 0x3fffff) + 1) / 8388608) * (x & 0x400000 ? 1 : -1);
};

registerProcessor('generator', class extends AudioWorkletProcessor {
  /** @param {Float32Array[][]} _ @param {Float32Array[][]} outputs */
  process(_, [output]) {
    for (let channel = 0; channel < output.length; channel++) {
      for (let index = 0; index < output[channel].length; index++) output[channel][index] = sig(currentFrame + index, channel);
    }
    return true;
  }
});

/** Counts samples that are the signal `latency` ago (ok), silence (zero), or anything else (bad). */
registerProcessor('checker', class extends AudioWorkletProcessor {
  ok = 0;
  bad = 0;
  zero = 0;
  /** @type {any} */
  first = null;

  /** @param {any} options */
  constructor(options) {
    super();
    const { latency = null, from = Infinity, gain = 1 } = options.processorOptions ?? {};
    this.gain = gain;
    this.latency = latency;
    this.from = latency === null ? Infinity : from;
    this.clear();
    this.port.onmessage = ({ data }) => {
      if (data.latency !== undefined) {
        this.latency = data.latency;
        this.from = currentFrame + (data.settle ?? 0);
        this.clear();
      }
      if (data.gain !== undefined) this.gain = data.gain;
      if (data.report) this.port.postMessage({ ok: this.ok, bad: this.bad, zero: this.zero, first: this.first });
    };
  }
  clear() {
    this.ok = this.bad = this.zero = 0;
    this.first = null;
  }
  /** @param {Float32Array[][]} inputs @param {Float32Array[][]} outputs */
  process([input], [output]) {
    for (let channel = 0; channel < input.length; channel++) {
      if (output[channel]) output[channel].set(input[channel]);
      if (currentFrame < this.from) continue;
      for (let index = 0; index < input[channel].length; index++) {
        const frame = currentFrame + index - this.latency;
        const wanted = frame < 0 ? 0 : Math.fround(sig(frame, channel) * this.gain);
        if (input[channel][index] === wanted) this.ok++;
        else if (input[channel][index] === 0) this.zero++;
        else {
          this.bad++;
          if (!this.first) this.first = { frame: currentFrame + index, channel, got: input[channel][index], wanted };
        }
      }
    }
    return true;
  }
});
