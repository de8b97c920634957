// The processor's file in Node: what an AudioWorkletGlobalScope has, and a clock to turn.

import { MessageChannel } from 'node:worker_threads';

const scope = /** @type {any} */ (globalThis);
scope.currentFrame = 0;
scope.sampleRate = 48000;
scope.AudioWorkletProcessor = class {
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    /** The node's end. */
    scope.lastPort = port2;
    port1.unref();
    port2.unref();
  }
};
/** @type {any} */
let registered;
scope.registerProcessor = (/** @type {string} */ name, /** @type {any} */ processor) => (registered = { name, processor });
// A worklet file is no module to TypeScript.
await import(/** @type {string} */ ('../../src/processor.js'));

export const { name, processor: Processor } = registered;

/** @param {number} frame */
export const setFrame = (frame) => (scope.currentFrame = frame);

/** A processor on a ring that can be looked at. @param {import('../../src/slot-ring.js').SlotRing} ring @param {[number, number][]} words @param {any} [more] */
export function processorOn(ring, words, more = {}) {
  for (const [word, value] of words) ring.set(word, value);
  const made = new Processor({ processorOptions: { memory: ring.memory, block: ring.block, channels: ring.channels, bell: more.bell ?? new SharedArrayBuffer(64), ...more } });
  // A listener keeps a port, and with it the process, alive.
  made.port.unref();
  return {
    made,
    /** @param {Float32Array[]} input @param {number} frame @param {number} [frames] */
    turn(input, frame, frames = ring.block) {
      setFrame(frame);
      const output = Array.from({ length: ring.channels }, () => new Float32Array(frames));
      const parameters = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`p${index}`, new Float32Array(1)]));
      made.process([input], [output], parameters);
      return output;
    },
  };
}
