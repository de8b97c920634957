// A whole buffer through a stream, in large blocks with several under way.
//
// Thread: worker. Invariant: the sound that comes back is as long as what was asked for and starts where the input
// started; a dry answer is an error, not sound. Deliberately absent: loading and opening, which the page does.

import { FLAG, KIND, encodeFrame } from './protocol.js';

/**
 * @typedef {object} RenderJob
 * @property {number} stream
 * @property {Float32Array[]} channels the input
 * @property {number} length samples of input
 * @property {number} total samples to get back, tail included
 * @property {number} latency samples that come before the first
 * @property {number} outputs channels of the result
 * @property {number} inputs channels of the stream
 * @property {number} block
 * @property {number} window blocks under way
 * @property {{ frame: number, kind: number, member: number, id: number, value: number }[]} events sorted
 */

export class BlockRender {
  /** @param {RenderJob} job @param {(bytes: Uint8Array<ArrayBuffer>) => void} send */
  constructor(job, send) {
    this.job = job;
    this.send = send;
    this.asked = 0;
    this.got = 0;
    this.sequence = 0;
    this.nextEvent = 0;
    this.under = 0;
    this.whole = job.total + job.latency;
    this.channels = Array.from({ length: job.outputs }, () => new Float32Array(job.total));
    /** @type {string | null} */
    this.failed = null;
  }

  get done() {
    return this.failed !== null || this.got >= this.whole;
  }

  /** Fills the window. */
  pump() {
    const { job } = this;
    while (!this.failed && this.under < job.window && this.asked < this.whole) {
      const frames = Math.min(job.block, this.whole - this.asked);
      const sounding = this.asked < job.length;
      const samples = sounding && job.inputs > 0 ? this.input(frames) : null;
      const last = this.asked + frames >= this.whole;
      this.send(
        encodeFrame({
          kind: KIND.PROCESS_AUDIO,
          flags: FLAG.OFFLINE | (this.sequence === 0 ? FLAG.DISCONTINUITY : 0) | (last ? FLAG.END : 0),
          stream: job.stream,
          sequence: this.sequence++,
          channels: job.inputs,
          frames,
          position: this.asked,
          samples,
          events: this.events(frames),
        }),
      );
      this.asked += frames;
      this.under++;
    }
  }

  /** @param {number} frames */
  input(frames) {
    return Array.from({ length: this.job.inputs }, (_, channel) => {
      const from = this.job.channels[Math.min(channel, this.job.channels.length - 1)];
      const part = from.subarray(this.asked, Math.min(this.asked + frames, this.job.length));
      if (part.length === frames) return part;
      const padded = new Float32Array(frames);
      padded.set(part);
      return padded;
    });
  }

  /** @param {number} frames */
  events(frames) {
    const found = [];
    const { events } = this.job;
    while (this.nextEvent < events.length && events[this.nextEvent].frame < this.asked + frames) {
      const { frame, ...event } = events[this.nextEvent++];
      found.push({ ...event, offset: Math.max(0, frame - this.asked) });
    }
    return found;
  }

  /** @param {import('./protocol.js').Frame} frame */
  take(frame) {
    this.under--;
    if (frame.kind === KIND.AUDIO_NACK) {
      this.failed = `the bridge refused a frame (reason ${frame.aux})`;
    } else if (frame.flags & FLAG.DRY) {
      this.failed = 'the plugin could not process a block; the result would not be complete';
    } else {
      const { samples } = frame;
      for (let channel = 0; samples && channel < this.job.outputs; channel++) {
        const from = samples[Math.min(channel, samples.length - 1)];
        const at = this.got - this.job.latency;
        const skip = Math.max(0, -at);
        if (skip < frame.frames) this.channels[channel].set(from.subarray(skip), at + skip);
      }
      this.got += frame.frames;
    }
    this.pump();
  }
}
