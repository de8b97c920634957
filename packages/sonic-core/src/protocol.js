// The wire: audio frames, proofs, codes. The words are those of docs/protocol.md.
//
// Thread: any. Invariant: decoding never reads outside the message and says which rule was broken.
// Deliberately absent: sockets, state.

import { toBase64 } from './bytes.js';

/** Subprotocol of the protocol called `name`. @param {string} [name] */
export const subprotocol = (name = 'sonic-core') => `${name}.v1.json`;

/** The version of the protocol that this library speaks. */
export const PROTOCOL = 1;
/** What `/v1/hello` calls the bridge. */
export const BRIDGE_APP = 'sonic-bridge';
/** Bytes of a frame's header. */
export const HEADER_BYTES = 32;
/** Version of the header. */
export const HEADER_VERSION = 1;
/** Bytes of an event in a frame. */
export const EVENT_BYTES = 16;

/** Kinds of frames. */
export const KIND = Object.freeze({ PROCESS_AUDIO: 1, AUDIO_RESULT: 2, AUDIO_NACK: 3 });

/** Flags of frames. */
export const FLAG = Object.freeze({
  DISCONTINUITY: 1,
  OFFLINE: 2,
  SILENT: 4,
  EVENTS: 8,
  DRY: 16,
  END: 32,
  GUARD: 64,
});
const ALL_FLAGS = 127;

/** Kinds of events in frames. */
export const EVENT = Object.freeze({
  PARAM: 1,
  NOTE_ON: 2,
  NOTE_OFF: 3,
  POLY_PRESSURE: 4,
  CONTROLLER: 5,
  NOTE_EXPRESSION: 6,
});

/** Member of a chain: every plugin that takes notes. */
export const EVERY_MEMBER = 255;

/** Controllers beyond the 128 of MIDI. */
export const CONTROLLER = Object.freeze({ CHANNEL_PRESSURE: 128, PITCH_BEND: 129, PROGRAM: 130 });

/** Why a frame was refused, by its number. */
export const NACK_REASONS = Object.freeze([
  '', 'length', 'version', 'kind', 'flags', 'stream', 'sequence', 'channels', 'frames', 'events',
]);

/**
 * What to do when the socket closes with a code.
 * `again`: come back with back-off. `once`: come back once. `later`: after a minute. `fresh`: come back without resume.
 * `pair`: the key is of no use any more. `never`: not by itself.
 * @type {Readonly<Record<number, 'again' | 'once' | 'later' | 'fresh' | 'pair' | 'never'>>}
 */
export const CLOSE_POLICY = Object.freeze({
  1000: 'again', 1001: 'again', 1003: 'never', 1006: 'again', 1007: 'never', 1009: 'never', 1012: 'again',
  1013: 'again', 4001: 'once', 4002: 'never', 4003: 'never', 4004: 'pair', 4005: 'pair', 4006: 'never',
  4007: 'fresh', 4008: 'later', 4009: 'never', 4010: 'never', 4011: 'again', 4012: 'again', 4013: 'pair',
});

/**
 * @typedef {object} FrameEvent
 * @property {number} kind one of EVENT
 * @property {number} member place in the chain, or 255
 * @property {number} offset samples from the start of the frame
 * @property {number} id
 * @property {number} value
 */

/**
 * @typedef {object} Frame
 * @property {number} kind one of KIND
 * @property {number} flags of FLAG; SILENT and EVENTS follow from `samples` and `events` when a frame is encoded
 * @property {number} stream
 * @property {number} sequence
 * @property {number} channels
 * @property {number} frames
 * @property {bigint} position
 * @property {number} aux bytes of the events (client), microseconds (bridge), or the reason of a NACK
 * @property {number} opaque
 * @property {Float32Array[] | null} samples a view for each channel; null when there are none
 * @property {FrameEvent[]} events
 */

/**
 * A frame on the wire that breaks a rule.
 */
export class FrameError extends Error {
  /** @param {number} reason a number of NACK_REASONS @param {number} at byte of the message where the frame begins */
  constructor(reason, at) {
    super(`the frame at byte ${at} is wrong: ${NACK_REASONS[reason]}`);
    this.name = 'FrameError';
    this.reason = reason;
    this.at = at;
  }
}

/**
 * Bytes of a frame, padding included.
 * @param {number} channels @param {number} frames @param {number} flags @param {number} eventBytes
 */
export function frameBytes(channels, frames, flags, eventBytes) {
  const samples = flags & FLAG.SILENT ? 0 : 4 * channels * frames;
  return (HEADER_BYTES + samples + eventBytes + 7) & ~7;
}

/**
 * The bytes of one frame.
 * @param {Partial<Omit<Frame, 'position'>> & Pick<Frame, 'kind' | 'stream'> & { position?: bigint | number }} frame
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeFrame(frame) {
  const samples = frame.samples ?? null;
  const events = frame.events ?? [];
  const channels = frame.channels ?? samples?.length ?? 0;
  const frames = frame.frames ?? samples?.[0]?.length ?? 0;
  let flags = frame.flags ?? 0;
  if (frame.kind !== KIND.AUDIO_NACK && !samples) flags |= FLAG.SILENT;
  if (events.length > 0) flags |= FLAG.EVENTS;
  const eventBytes = events.length * EVENT_BYTES;
  const length = frame.kind === KIND.AUDIO_NACK ? HEADER_BYTES : frameBytes(channels, frames, flags, eventBytes);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, frame.kind);
  view.setUint8(1, HEADER_VERSION);
  view.setUint16(2, flags, true);
  view.setUint32(4, frame.stream, true);
  view.setUint32(8, frame.sequence ?? 0, true);
  view.setUint16(12, channels, true);
  view.setUint16(14, frames, true);
  view.setBigUint64(16, BigInt(frame.position ?? 0), true);
  view.setUint32(24, frame.kind === KIND.PROCESS_AUDIO ? eventBytes : frame.aux ?? 0, true);
  view.setUint32(28, frame.opaque ?? 0, true);
  let at = HEADER_BYTES;
  if (samples && !(flags & FLAG.SILENT)) {
    for (const channel of samples) {
      for (let index = 0; index < frames; index++, at += 4) view.setFloat32(at, channel[index], true);
    }
  }
  for (const event of events) {
    view.setUint8(at, event.kind);
    view.setUint8(at + 1, event.member);
    view.setUint16(at + 2, event.offset, true);
    view.setUint32(at + 4, event.id, true);
    view.setFloat64(at + 8, event.value, true);
    at += EVENT_BYTES;
  }
  return bytes;
}

/**
 * The frames of a binary message.
 * @param {ArrayBuffer | Uint8Array} message
 * @returns {Frame[]}
 * @throws {FrameError}
 */
export function decodeFrames(message) {
  const bytes = message instanceof Uint8Array ? message : new Uint8Array(message);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const [frame, length] = decodeFrame(bytes, view, at);
    found.push(frame);
    at += length;
  }
  return found;
}

/**
 * @param {Uint8Array} bytes @param {DataView} view @param {number} at
 * @returns {[Frame, number]} the frame and its length
 */
function decodeFrame(bytes, view, at) {
  if (bytes.byteLength - at < HEADER_BYTES) throw new FrameError(1, at);
  if (view.getUint8(at + 1) !== HEADER_VERSION) throw new FrameError(2, at);
  const kind = view.getUint8(at);
  const flags = view.getUint16(at + 2, true);
  /** @type {Frame} */
  const frame = {
    kind,
    flags,
    stream: view.getUint32(at + 4, true),
    sequence: view.getUint32(at + 8, true),
    channels: view.getUint16(at + 12, true),
    frames: view.getUint16(at + 14, true),
    position: view.getBigUint64(at + 16, true),
    aux: view.getUint32(at + 24, true),
    opaque: view.getUint32(at + 28, true),
    samples: null,
    events: [],
  };
  if (kind === KIND.AUDIO_NACK) return [frame, HEADER_BYTES];
  if (kind !== KIND.PROCESS_AUDIO && kind !== KIND.AUDIO_RESULT) throw new FrameError(3, at);
  if (flags & ~ALL_FLAGS) throw new FrameError(4, at);
  if (frame.frames === 0) throw new FrameError(8, at);
  const eventBytes = kind === KIND.PROCESS_AUDIO ? frame.aux : 0;
  if (eventBytes % EVENT_BYTES !== 0 || (eventBytes > 0) !== Boolean(flags & FLAG.EVENTS && kind === KIND.PROCESS_AUDIO)) {
    throw new FrameError(9, at);
  }
  const length = frameBytes(frame.channels, frame.frames, flags, eventBytes);
  if (length > bytes.byteLength - at) throw new FrameError(1, at);
  let next = at + HEADER_BYTES;
  if (!(flags & FLAG.SILENT)) {
    frame.samples = [];
    for (let channel = 0; channel < frame.channels; channel++, next += 4 * frame.frames) {
      frame.samples.push(floats(bytes, next, frame.frames));
    }
  }
  for (const end = next + eventBytes; next < end; next += EVENT_BYTES) {
    frame.events.push({
      kind: view.getUint8(next),
      member: view.getUint8(next + 1),
      offset: view.getUint16(next + 2, true),
      id: view.getUint32(next + 4, true),
      value: view.getFloat64(next + 8, true),
    });
  }
  return [frame, length];
}

/** @param {Uint8Array} bytes @param {number} at @param {number} count */
function floats(bytes, at, count) {
  const from = bytes.byteOffset + at;
  if (from % 4 === 0) return new Float32Array(bytes.buffer, from, count);
  return new Float32Array(bytes.slice(at, at + 4 * count).buffer);
}

/**
 * The id of an event about a note.
 * @param {number} key 0…127 @param {number} [channel] 0…15 @param {number} [note] the client's number, 0 = none
 */
export const noteId = (key, channel = 0, note = 0) => (key | (channel << 8) | (note << 16)) >>> 0;

/** The id of a controller event. @param {number} number @param {number} [channel] */
export const controllerId = (number, channel = 0) => (number | (channel << 16)) >>> 0;

/** The id of a note expression. @param {number} kind @param {number} note */
export const expressionId = (kind, note) => (kind | (note << 16)) >>> 0;

/**
 * @typedef {object} ProofParts
 * @property {string} instanceId
 * @property {string} nonce base64, as it was sent
 * @property {string} clientNonce base64, as it was sent
 * @property {string} last the origin as the bridge sees it; for a resume, the session
 */

/**
 * The text that a proof is made over.
 * @param {'c' | 's' | 'r'} role @param {ProofParts} parts
 */
export const proofText = (role, parts) =>
  [role, parts.instanceId, parts.nonce, parts.clientNonce, parts.last].join('|');

const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/**
 * A token as a key that cannot be read out again.
 * @param {Uint8Array<ArrayBuffer>} token
 */
export const importToken = (token) => crypto.subtle.importKey('raw', token, HMAC, false, ['sign', 'verify']);

/**
 * @param {CryptoKey} key @param {'c' | 's' | 'r'} role @param {ProofParts} parts
 * @returns {Promise<string>} base64
 */
export async function makeProof(key, role, parts) {
  const text = new TextEncoder().encode(proofText(role, parts));
  return toBase64(new Uint8Array(await crypto.subtle.sign('HMAC', key, text)));
}

/**
 * @param {CryptoKey} key @param {'c' | 's' | 'r'} role @param {ProofParts} parts @param {Uint8Array<ArrayBuffer>} proof
 */
export function checkProof(key, role, parts, proof) {
  return crypto.subtle.verify('HMAC', key, proof, new TextEncoder().encode(proofText(role, parts)));
}
