// Slots to frames and frames to slots, for all streams of a socket.
//
// Thread: worker. Invariant: frames of a stream go out in order and never beyond its credits; one wake makes one message;
// a result of an earlier opening of a stream is never heard. Deliberately absent: the socket (a function), waiting.

import { EVENT_BYTES, FLAG, HEADER_BYTES, HEADER_VERSION, KIND, frameBytes } from './protocol.js';
import { MAX_EVENTS, SLOT, SLOTS, WORD, samplesAt } from './slot-ring.js';

/** A message is not longer than this, so that one stall does not make one endless message. */
const MESSAGE_BYTES = 1 << 19;
/** Behind by more than this, a real-time stream goes on with the newest quantum. */
const TOO_FAR_BEHIND = SLOTS - 16;
/** Round trips that are remembered. */
const REMEMBERED = 2048;

/**
 * @typedef {object} StreamSetup
 * @property {number} stream the bridge's number of it
 * @property {import('./slot-ring.js').SlotRing} ring
 * @property {number} generation
 * @property {number} credits
 * @property {boolean} offline
 * @property {(quantum: number) => void} [onResult] a result was put into the ring
 */

export class PumpedStream {
  /** @param {StreamSetup} setup */
  constructor(setup) {
    this.stream = setup.stream;
    this.ring = setup.ring;
    this.generation = setup.generation;
    this.credits = setup.credits;
    this.offline = setup.offline;
    this.onResult = setup.onResult;
    this.sent = setup.ring.get(WORD.WRITTEN);
    this.discontinuity = true;
    this.inFlight = 0;
    /** Something waits for credits. */
    this.blocked = false;
    this.sentAt = new Float64Array(SLOTS);
    this.trips = new Float32Array(REMEMBERED);
    this.counts = { frames: 0, results: 0, dry: 0, guard: 0, nack: 0, skipped: 0, micros: 0 };
  }

  /** What was measured, as plain numbers. */
  stats() {
    const known = Math.min(this.counts.results, REMEMBERED);
    const trips = this.trips.slice(0, known).sort();
    const at = (/** @type {number} */ share) => (known ? trips[Math.min(known - 1, Math.floor(share * known))] : 0);
    return {
      ...this.counts,
      rttMs: { p50: at(0.5), p99: at(0.99), p999: at(0.999) },
      inFlight: this.inFlight,
    };
  }
}

export class StreamPump {
  /**
   * @param {(bytes: Uint8Array<ArrayBuffer>) => void} send
   * @param {() => number} now milliseconds
   */
  constructor(send, now) {
    this.send = send;
    this.now = now;
    /** @type {Map<number, PumpedStream>} */
    this.streams = new Map();
    this.bytes = new Uint8Array(1 << 16);
    this.view = new DataView(this.bytes.buffer);
    this.floats = new Float32Array(this.bytes.buffer);
  }

  /** @param {number} bytes */
  grow(bytes) {
    const old = this.bytes;
    this.bytes = new Uint8Array(bytes);
    this.bytes.set(old);
    this.view = new DataView(this.bytes.buffer);
    this.floats = new Float32Array(this.bytes.buffer);
  }

  /** @param {StreamSetup} setup */
  open(setup) {
    const stream = new PumpedStream(setup);
    this.streams.set(setup.stream, stream);
    return stream;
  }

  /** @param {number} stream */
  close(stream) {
    this.streams.delete(stream);
  }

  /** Sends what is waiting. */
  pump() {
    let more = true;
    while (more) {
      more = false;
      let at = 0;
      for (const stream of this.streams.values()) {
        const written = stream.ring.get(WORD.WRITTEN);
        if (!stream.offline && ((written - stream.sent) | 0) > TOO_FAR_BEHIND) {
          stream.counts.skipped += (written - 1 - stream.sent) | 0;
          stream.sent = (written - 1) | 0;
          stream.discontinuity = true;
        }
        while (stream.sent !== written && stream.inFlight < stream.credits) {
          if (at > MESSAGE_BYTES) {
            more = true;
            break;
          }
          at = this.write(stream, at);
        }
        stream.blocked = stream.sent !== written;
        stream.ring.set(WORD.SENT, stream.sent);
      }
      if (at > 0) this.send(this.bytes.subarray(0, at));
    }
  }

  /**
   * @param {PumpedStream} stream @param {number} at byte of the message
   * @returns {number} the byte behind the frame
   */
  write(stream, at) {
    const { ring } = stream;
    const quantum = stream.sent;
    const slot = ring.up(quantum);
    const word = slot >> 2;
    stream.sent = (quantum + 1) | 0;
    if (ring.get(word + SLOT.STAMP) !== stream.sent || ring.words[word + SLOT.GENERATION] !== stream.generation) {
      stream.discontinuity = true;
      return at;
    }
    const frames = ring.words[word + SLOT.FRAMES];
    const channels = ring.words[word + SLOT.CHANNELS];
    const count = Math.min(ring.words[word + SLOT.EVENTS], MAX_EVENTS);
    let flags = ring.words[word + SLOT.FLAGS];
    if (stream.discontinuity) flags |= FLAG.DISCONTINUITY;
    if (stream.offline) flags |= FLAG.OFFLINE;
    if (count > 0) flags |= FLAG.EVENTS;
    const eventBytes = count * EVENT_BYTES;
    const length = frameBytes(channels, frames, flags, eventBytes);
    if (at + length > this.bytes.length) this.grow(Math.max(2 * this.bytes.length, at + length));
    const view = this.view;
    view.setUint8(at, KIND.PROCESS_AUDIO);
    view.setUint8(at + 1, HEADER_VERSION);
    view.setUint16(at + 2, flags, true);
    view.setUint32(at + 4, stream.stream, true);
    view.setUint32(at + 8, quantum, true);
    view.setUint16(at + 12, channels, true);
    view.setUint16(at + 14, frames, true);
    view.setUint32(at + 16, ring.words[word + SLOT.LOW], true);
    view.setUint32(at + 20, ring.words[word + SLOT.HIGH], true);
    view.setUint32(at + 24, eventBytes, true);
    view.setUint32(at + 28, stream.generation, true);
    let next = at + HEADER_BYTES;
    if (!(flags & FLAG.SILENT)) {
      const from = samplesAt(slot);
      this.floats.set(ring.floats.subarray(from, from + channels * frames), next >> 2);
      next += 4 * channels * frames;
    }
    const events = slot + ring.eventsAt;
    this.bytes.set(ring.bytes.subarray(events, events + eventBytes), next);
    this.bytes.fill(0, next + eventBytes, at + length);
    if (ring.get(word + SLOT.STAMP) !== stream.sent) {
      // The audio thread went once around while this was read.
      stream.discontinuity = true;
      return at;
    }
    stream.discontinuity = false;
    stream.inFlight++;
    stream.counts.frames++;
    stream.sentAt[quantum & (SLOTS - 1)] = this.now();
    return at + length;
  }

  /**
   * Takes a binary message of the bridge.
   * @param {ArrayBuffer} message
   * @returns {PumpedStream[]} streams that a result came for
   */
  take(message) {
    const view = new DataView(message);
    const now = this.now();
    /** @type {PumpedStream[]} */
    const touched = [];
    for (let at = 0; at + HEADER_BYTES <= message.byteLength; ) {
      const kind = view.getUint8(at);
      const flags = view.getUint16(at + 2, true);
      const channels = view.getUint16(at + 12, true);
      const frames = view.getUint16(at + 14, true);
      const length = kind === KIND.AUDIO_NACK ? HEADER_BYTES : frameBytes(channels, frames, flags, 0);
      if (view.getUint8(at + 1) !== HEADER_VERSION || at + length > message.byteLength) break;
      const stream = this.streams.get(view.getUint32(at + 4, true));
      if (stream) {
        if (touched[touched.length - 1] !== stream) touched.push(stream);
        stream.inFlight = Math.max(0, stream.inFlight - 1);
        if (kind === KIND.AUDIO_NACK) {
          stream.counts.nack++;
          stream.discontinuity = true;
        } else if (view.getUint32(at + 28, true) === stream.generation >>> 0) {
          this.result(stream, view, at, flags, channels, frames, now);
        }
      }
      at += length;
    }
    // Others wait for their bell: then what was written in one quantum travels together.
    if (touched.some((stream) => stream.blocked)) this.pump();
    return touched;
  }

  /**
   * @param {PumpedStream} stream @param {DataView} view @param {number} at @param {number} flags
   * @param {number} channels @param {number} frames @param {number} now
   */
  result(stream, view, at, flags, channels, frames, now) {
    const quantum = view.getInt32(at + 8, true);
    const micros = view.getUint32(at + 24, true);
    const behind = (stream.sent - quantum) | 0;
    // Neither what was never sent nor what lies so far back that its slot is another's by now.
    if (behind <= 0 || behind >= SLOTS || frames > stream.ring.block) return;
    const { counts } = stream;
    stream.trips[counts.results % REMEMBERED] = now - stream.sentAt[quantum & (SLOTS - 1)];
    counts.results++;
    counts.micros += micros;
    if (flags & FLAG.DRY) counts.dry++;
    if (flags & FLAG.GUARD) counts.guard++;
    const samples = flags & FLAG.SILENT ? null : new Float32Array(view.buffer, at + HEADER_BYTES, channels * frames);
    stream.ring.putDown(quantum, flags, channels, frames, micros, stream.generation, samples);
    stream.onResult?.(quantum);
  }
}
