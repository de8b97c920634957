import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import './support/node18.js';
import { fromBase64, toBase64 } from '../src/bytes.js';
import * as wire from '../src/protocol.js';
import { GOLDEN_FRAMES_MUST_EXIST, goldenFrames } from './support/vectors.js';

const { EVENT, FLAG, KIND } = wire;

const full = () => ({
  kind: KIND.PROCESS_AUDIO,
  stream: 7,
  sequence: 0xffffffff,
  flags: FLAG.DISCONTINUITY | FLAG.OFFLINE,
  position: 0x1234567890abcdefn,
  opaque: 0xdeadbeef,
  samples: [new Float32Array([0.25, -0.5, 1]), new Float32Array([0, 1e-30, -1])],
  events: [{ kind: EVENT.PARAM, member: 2, offset: 1, id: 0x80000001, value: 0.125 }],
});

test('a frame has the bytes that the table of the wire gives it', () => {
  const bytes = wire.encodeFrame(full());
  const view = new DataView(bytes.buffer);
  assert.equal(bytes.length, 72, '32 + 4·2·3 + 16, already a multiple of 8');
  assert.equal(view.getUint8(0), 1);
  assert.equal(view.getUint8(1), 1);
  assert.equal(view.getUint16(2, true), 1 | 2 | 8);
  assert.equal(view.getUint32(4, true), 7);
  assert.equal(view.getUint32(8, true), 0xffffffff);
  assert.equal(view.getUint16(12, true), 2);
  assert.equal(view.getUint16(14, true), 3);
  assert.equal(view.getBigUint64(16, true), 0x1234567890abcdefn);
  assert.equal(view.getUint32(24, true), 16);
  assert.equal(view.getUint32(28, true), 0xdeadbeef);
  assert.equal(view.getFloat32(32 + 4, true), -0.5);
  assert.equal(view.getFloat32(32 + 12, true), 0);
  assert.deepEqual([view.getUint8(56), view.getUint8(57), view.getUint16(58, true)], [1, 2, 1]);
  assert.equal(view.getUint32(60, true), 0x80000001);
  assert.equal(view.getFloat64(64, true), 0.125);
});

test('what is encoded is decoded again, several frames in one message', () => {
  const odd = { ...full(), samples: [new Float32Array([0.5])], events: [] };
  const silent = { kind: KIND.AUDIO_RESULT, stream: 9, sequence: 1, channels: 2, frames: 128, aux: 42 };
  const parts = [full(), odd, silent].map((frame) => wire.encodeFrame(frame));
  const message = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (message.set(part, at), at + part.length), 0);
  const [first, second, third] = wire.decodeFrames(message);
  assert.deepEqual(first.samples, full().samples);
  assert.deepEqual(first.events, full().events);
  assert.equal(first.position, full().position);
  assert.equal(second.samples?.[0][0], 0.5);
  assert.equal(parts[1].length, 40, 'padded to 8');
  assert.equal(third.samples, null);
  assert.equal(third.flags, FLAG.SILENT);
  assert.equal(third.aux, 42);
  assert.equal(third.frames, 128);
});

test('a frame that breaks a rule names the rule and is never read beyond its end', () => {
  const good = wire.encodeFrame(full());
  const broken = (/** @type {number} */ at, /** @type {number} */ value) => {
    const copy = good.slice();
    copy[at] = value;
    return copy;
  };
  const table = /** @type {[Uint8Array, string][]} */ ([
    [good.slice(0, 20), 'length'],
    [good.slice(0, 64), 'length'],
    [broken(13, 0xff), 'length'],
    [broken(1, 9), 'version'],
    [broken(0, 4), 'kind'],
    [broken(2, 0x80), 'flags'],
    [broken(14, 0), 'frames'],
    [broken(24, 15), 'events'],
    [broken(24, 0), 'events'],
  ]);
  for (const [bytes, reason] of table) {
    assert.throws(
      () => wire.decodeFrames(bytes),
      (/** @type {any} */ error) => error instanceof wire.FrameError && wire.NACK_REASONS[error.reason] === reason,
      reason,
    );
  }
});

test('frames at any address of a larger buffer are read the same', () => {
  const good = wire.encodeFrame(full());
  for (let shift = 0; shift < 8; shift++) {
    const room = new Uint8Array(good.length + shift);
    room.set(good, shift);
    assert.deepEqual(wire.decodeFrames(room.subarray(shift))[0].samples, full().samples);
  }
});

test('ids of notes and controllers are packed as the wire says', () => {
  assert.equal(wire.noteId(60, 3, 258), 60 + 3 * 256 + 258 * 65536);
  assert.equal(wire.noteId(127, 15, 0xffff), 127 + 15 * 256 + 0xffff0000);
  assert.equal(wire.controllerId(wire.CONTROLLER.PITCH_BEND, 2), 129 + 2 * 65536);
  assert.equal(wire.expressionId(1, 0xffff), 0xffff0001);
});

test('proofs are HMAC-SHA256 over the joined parts, and the role is part of them', async () => {
  const token = new Uint8Array(32).map((_, index) => index);
  const parts = { instanceId: 'abc', nonce: 'bm9uY2U=', clientNonce: 'Y2xpZW50', last: 'https://a.test' };
  const key = await wire.importToken(token);
  const expected = createHmac('sha256', token).update('c|abc|bm9uY2U=|Y2xpZW50|https://a.test').digest('base64');
  assert.equal(await wire.makeProof(key, 'c', parts), expected);
  assert.equal(await wire.checkProof(key, 'c', parts, fromBase64(expected)), true);
  assert.equal(await wire.checkProof(key, 's', parts, fromBase64(expected)), false, 'a reflected proof');
  assert.equal(await wire.checkProof(key, 'c', { ...parts, last: 'https://b.test' }, fromBase64(expected)), false);
  await assert.rejects(crypto.subtle.exportKey('raw', key), 'the token cannot be read out again');
});

test('base64 is the same as Node’s, for every length', () => {
  for (let length = 0; length < 70000; length = length * 3 + 1) {
    const bytes = new Uint8Array(length).map((_, index) => (index * 31) & 255);
    assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
    assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
  }
});

test('golden frames are read and written byte by byte as in Rust', () => {
  const vectors = goldenFrames();
  if (!vectors) {
    assert.equal(GOLDEN_FRAMES_MUST_EXIST, false, 'tests/vectors/frames/index.json is missing');
    return;
  }
  assert.ok(vectors.length > 0);
  for (const vector of vectors) {
    const frames = wire.decodeFrames(vector.bytes);
    const again = frames.map((frame) => wire.encodeFrame(frame));
    assert.deepEqual(Buffer.concat(again), Buffer.from(vector.bytes), vector.name ?? vector.file);
  }
});
