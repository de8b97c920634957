// Sound between the audio thread and the worker: slots addressed by the number of the quantum.
//
// Thread: the audio thread writes "up" and reads "down", the worker the other way round. Invariant: a slot is published
// by its stamp, which is stored last; a slot whose stamp is not that of the wanted quantum counts as missing, so latency
// never grows after a stall. The memory is shared (SharedArrayBuffer), or each side has a copy and slots travel by
// MessagePort. Deliberately absent: waiting, and the processor's own copy of this (a worklet file has no imports).

/** Words at the start of the memory. Each has one writer. */
export const WORD = Object.freeze({
  /** Quanta written so far (processor). */
  WRITTEN: 0,
  /** Quanta handed to the socket so far (worker). */
  SENT: 1,
  /** One of STATE (page). */
  STATE: 2,
  /** Quanta between a quantum and its result (page). */
  DEPTH: 3,
  /** Samples of latency of the plugins (page). */
  LATENCY: 4,
  /** 1 = bypassed (page). */
  BYPASS: 5,
  /** What a missing result sounds like: 0 silence, 1 the input (page). */
  POLICY: 6,
  /** Results that were not there in time (processor). */
  MISSES: 7,
  /** +1 for each opened stream (page). */
  GENERATION: 8,
  /** Channels of the results (page). */
  OUTPUTS: 9,
  /** Channels of the input of the stream (page). */
  INPUTS: 10,
  /** Samples of fading around gaps (page). */
  FADE: 11,
  /** Results that were the input, not processed (processor). */
  DRY: 12,
});

/** What the processor does. */
export const STATE = Object.freeze({ WAITING: 0, ACTIVE: 1, FAILED: 2 });

/** Words in the header of a slot. */
export const SLOT = Object.freeze({
  /** Number of the quantum + 1; stored last. */
  STAMP: 0,
  FLAGS: 1,
  FRAMES: 2,
  CHANNELS: 3,
  /** Position on the context's clock; in a result the microseconds of processing. */
  LOW: 4,
  HIGH: 5,
  EVENTS: 6,
  GENERATION: 7,
});

const CONTROL_BYTES = 128;
const SLOT_HEADER = 32;
const EVENT_BYTES = 16;
/** Events of one quantum; what does not fit goes into the next one. */
export const MAX_EVENTS = 64;
/** Slots in each direction. */
export const SLOTS = 256;

/**
 * @typedef {object} RingShape
 * @property {number} block samples of a quantum at most
 * @property {number} channels at most
 */

export class SlotRing {
  /**
   * @param {RingShape} shape
   * @param {ArrayBufferLike} [memory] an existing ring; else a new one is made
   * @param {boolean} [shared]
   */
  constructor(shape, memory, shared = false) {
    this.block = shape.block;
    this.channels = shape.channels;
    const samples = (shape.block * shape.channels * 4 + 7) & ~7;
    /** Bytes of a slot on the way to the bridge. */
    this.upBytes = SLOT_HEADER + samples + MAX_EVENTS * EVENT_BYTES;
    /** Bytes of a slot on the way back. */
    this.downBytes = SLOT_HEADER + samples;
    this.eventsAt = SLOT_HEADER + samples;
    const bytes = CONTROL_BYTES + SLOTS * (this.upBytes + this.downBytes);
    /** @type {ArrayBufferLike} */
    this.memory = memory ?? (shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    if (this.memory.byteLength !== bytes) throw new RangeError('this memory belongs to a ring of another shape');
    this.words = new Int32Array(this.memory);
    this.floats = new Float32Array(this.memory);
    this.bytes = new Uint8Array(this.memory);
  }

  /** @param {number} word */
  get(word) {
    return Atomics.load(this.words, word);
  }

  /** @param {number} word @param {number} value */
  set(word, value) {
    Atomics.store(this.words, word, value);
  }

  /** Byte at which the up slot of a quantum begins. @param {number} quantum */
  up(quantum) {
    return CONTROL_BYTES + (quantum & (SLOTS - 1)) * this.upBytes;
  }

  /** Byte at which the down slot of a quantum begins. @param {number} quantum */
  down(quantum) {
    return CONTROL_BYTES + SLOTS * this.upBytes + (quantum & (SLOTS - 1)) * this.downBytes;
  }

  /** Takes over an up slot that came as a message. @param {Uint8Array} slot @returns {number} its quantum */
  takeUp(slot) {
    const stamp = new Int32Array(slot.buffer, slot.byteOffset, 1)[0];
    this.bytes.set(slot.length > this.upBytes ? slot.subarray(0, this.upBytes) : slot, this.up(stamp - 1));
    this.set(WORD.WRITTEN, stamp);
    return stamp - 1;
  }

  /**
   * Publishes a result.
   * @param {number} quantum @param {number} flags @param {number} channels @param {number} frames
   * @param {number} micros @param {number} generation @param {Float32Array | null} samples planar; null is silence
   */
  putDown(quantum, flags, channels, frames, micros, generation, samples) {
    const at = this.down(quantum);
    const word = at >> 2;
    // While it is rewritten it belongs to no quantum.
    Atomics.store(this.words, word + SLOT.STAMP, quantum);
    this.words[word + SLOT.FLAGS] = flags;
    this.words[word + SLOT.FRAMES] = frames;
    this.words[word + SLOT.CHANNELS] = Math.min(channels, this.channels);
    this.words[word + SLOT.LOW] = micros;
    this.words[word + SLOT.GENERATION] = generation;
    if (samples) {
      const fit = Math.min(channels, this.channels) * frames;
      this.floats.set(fit === samples.length ? samples : samples.subarray(0, fit), (at + SLOT_HEADER) >> 2);
    }
    Atomics.store(this.words, word + SLOT.STAMP, (quantum + 1) | 0);
  }
}

/** Float at which the samples of a slot begin. @param {number} at byte of the slot */
export const samplesAt = (at) => (at + SLOT_HEADER) >> 2;
