import './support/node18.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT, decodeFrames } from '../src/protocol.js';
import { STATE, SlotRing, WORD } from '../src/slot-ring.js';
import { StreamPump } from '../src/stream-pump.js';
import { processorOn, setFrame } from './support/worklet.js';

/** Points that reach the wire, as [frame, value]. @param {any[]} steps @param {number} blocks @param {number} [from] */
function points(steps, blocks, from = 0.5) {
  const memory = new SlotRing({ block: 128, channels: 2 }, undefined, true);
  /** @type {[number, number][]} */
  const found = [];
  const pump = new StreamPump((bytes) => {
    for (const frame of decodeFrames(bytes.slice())) {
      for (const event of frame.events) {
        assert.equal(event.kind, EVENT.PARAM);
        found.push([Number(frame.position) + event.offset, Math.round(event.value * 1e6) / 1e6]);
      }
    }
  }, () => 0);
  pump.open({ stream: 1, ring: memory, generation: 1, credits: 512, offline: true });
  const { turn, made } = processorOn(memory, [[WORD.STATE, STATE.ACTIVE], [WORD.GENERATION, 1], [WORD.DEPTH, 2], [WORD.INPUTS, 2]]);
  setFrame(0);
  for (const step of steps) made.schedule({ member: 0, id: 7, from, step: { constant: 0, ...step } });
  for (let block = 0; block < blocks; block++) {
    turn([], block * 128);
    pump.pump();
  }
  return found;
}

test('a jump is two neighbouring points, so that the plugin draws no slope', () => {
  assert.deepEqual(points([{ op: 'set', frame: 200, value: 0.9 }], 4), [[199, 0.5], [200, 0.9]]);
  assert.deepEqual(points([{ op: 'set', frame: 256, value: 0.9 }], 4), [[256, 0.9]], 'at the start of a block one is enough');
});

test('a line has a point at each end of a block and at its own end', () => {
  const found = points([{ op: 'set', frame: 0, value: 0 }, { op: 'linear', frame: 256, value: 1 }], 4);
  assert.deepEqual(found, [[0, 0], [127, Math.round((127 / 256) * 1e6) / 1e6], [255, Math.round((255 / 256) * 1e6) / 1e6], [256, 1]]);
});

test('a line that nothing precedes begins now, at the present value', () => {
  const found = points([{ op: 'linear', frame: 100, value: 1 }], 2);
  assert.deepEqual(found, [[100, 1]]);
});

test('an approach comes nearer at its own pace and ends', () => {
  const found = points([{ op: 'target', frame: 64, value: 1, constant: 0.001 }], 40, 0);
  const at = new Map(found);
  const wanted = (/** @type {number} */ frame) => 1 - Math.exp(-(frame - 64) / 48);
  for (const [frame, value] of found.slice(0, 12)) assert.ok(Math.abs(value - wanted(frame)) < 2e-6, `${frame}: ${value}`);
  assert.ok(at.size > 8);
  assert.equal(found.at(-1)?.[1], 1);
  assert.ok((found.at(-1)?.[0] ?? Infinity) < 40 * 128 - 500, 'it ends once it is there');
});

test('an exponential ramp multiplies, and what comes later takes over', () => {
  const found = points([{ op: 'set', frame: 0, value: 0.01 }, { op: 'exponential', frame: 128, value: 1 }, { op: 'set', frame: 300, value: 0.2 }], 4);
  const middle = found.find(([frame]) => frame === 63);
  assert.ok(middle && Math.abs(middle[1] - 0.01 * 100 ** (63 / 128)) < 1e-5, JSON.stringify(found));
  assert.deepEqual(found.slice(-3), [[128, 1], [299, 1], [300, 0.2]]);
});

test('cancelled steps do not happen', () => {
  assert.deepEqual(points([{ op: 'set', frame: 100, value: 0.9 }, { op: 'set', frame: 200, value: 0.1 }, { op: 'cancel', frame: 150, value: 0 }], 3), [[99, 0.5], [100, 0.9]]);
});

test('more events than a frame holds wait for the next frame, none is lost', () => {
  const memory = new SlotRing({ block: 128, channels: 2 }, undefined, true);
  let notes = 0;
  const pump = new StreamPump((bytes) => (notes += decodeFrames(bytes.slice()).reduce((sum, frame) => sum + frame.events.length, 0)), () => 0);
  pump.open({ stream: 1, ring: memory, generation: 1, credits: 512, offline: true });
  const { turn, made } = processorOn(memory, [[WORD.STATE, STATE.ACTIVE], [WORD.GENERATION, 1], [WORD.DEPTH, 2], [WORD.INPUTS, 2]]);
  for (let note = 0; note < 150; note++) made.enqueue({ frame: 5, kind: EVENT.NOTE_ON, member: 255, id: note, value: 1 });
  for (let block = 0; block < 4; block++) {
    turn([], block * 128);
    pump.pump();
  }
  assert.equal(notes, 150);
});
