import './support/node18.js';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { PROCESSOR_NAME } from '../src/native-plugin-node.js';
import { EVENT, FLAG, KIND, decodeFrames, encodeFrame } from '../src/protocol.js';
import * as ring from '../src/slot-ring.js';
import { StreamPump } from '../src/stream-pump.js';
import { name, processorOn } from './support/worklet.js';

const { SLOT, SLOTS, STATE, SlotRing, WORD, samplesAt } = ring;

/** @param {number} [block] */
const shared = (block = 8) => new SlotRing({ block, channels: 2 }, undefined, true);
const ACTIVE = /** @type {[number, number][]} */ ([[WORD.STATE, STATE.ACTIVE], [WORD.GENERATION, 1], [WORD.DEPTH, 2], [WORD.INPUTS, 2], [WORD.OUTPUTS, 2]]);
const stereo = (/** @type {number} */ value, frames = 8) => [new Float32Array(frames).fill(value), new Float32Array(frames).fill(-value)];

test('the processor’s copy of the numbers is the library’s', () => {
  const text = readFileSync(new URL('../src/processor.js', import.meta.url), 'utf8');
  const value = (/** @type {string} */ word) => new Function(`return (${new RegExp(`const ${word} = ([^;]+);`).exec(text)?.[1]})`)();
  assert.deepEqual(value('WORD'), { ...WORD });
  assert.deepEqual(value('STATE'), { ...STATE });
  assert.deepEqual(value('SLOT'), { ...SLOT });
  assert.equal(value('SLOTS'), SLOTS);
  assert.equal(value('MAX_EVENTS'), ring.MAX_EVENTS);
  const flags = value('FLAG');
  for (const [flag, number] of Object.entries(flags)) assert.equal(number, FLAG[/** @type {keyof typeof FLAG} */ (flag)]);
  assert.equal(value('EVENT_PARAM'), EVENT.PARAM);
  assert.equal(name, PROCESSOR_NAME);
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  assert.equal(/^import |import\(|\bself\b|\bperformance\b/m.exec(code), null, 'a worklet file stands alone');
});

/** A pump whose answers are the frames' own samples, `late` messages behind. @param {InstanceType<typeof SlotRing>} memory @param {any} [more] */
function echo(memory, more = {}) {
  /** @type {Uint8Array[]} */
  const sent = [];
  const pump = new StreamPump((bytes) => sent.push(bytes.slice()), () => 0);
  const stream = pump.open({ stream: 5, ring: memory, generation: 1, credits: 64, offline: false, ...more });
  return {
    pump, stream, sent,
    answer(flags = 0) {
      for (const message of sent.splice(0)) {
        const results = decodeFrames(message).map((frame) => encodeFrame({ ...frame, kind: KIND.AUDIO_RESULT, flags, events: [], aux: 7 }));
        const all = Buffer.concat(results);
        pump.take(all.buffer.slice(all.byteOffset, all.byteOffset + all.length));
      }
    },
  };
}

test('the result of a quantum is heard at its own time, or never', () => {
  const memory = shared();
  const end = echo(memory);
  const { turn } = processorOn(memory, ACTIVE);
  const heard = [];
  for (let quantum = 0; quantum < 12; quantum++) {
    heard.push(turn(stereo(quantum + 1), quantum * 8)[0][7]);
    end.pump.pump();
    // The bridge is away between 4 and 7.
    if (quantum < 4 || quantum > 7) end.answer();
  }
  //                       dry   results      missing       results again, not later than before
  assert.deepEqual(heard, [0, 0, 1, 2, 3, 4, 0, 0, 0, 8, 9, 10].map((value, index) => (index === 8 ? 0 : value)));
  assert.equal(memory.get(WORD.MISSES), 3);
});

test('what the audio thread writes is what goes over the wire', () => {
  const memory = shared();
  const end = echo(memory);
  const { turn, made } = processorOn(memory, ACTIVE);
  made.enqueue({ frame: 2 ** 33 + 3, kind: EVENT.NOTE_ON, member: 255, id: 60, value: 0.5 });
  turn(stereo(0.5), 2 ** 33);
  turn([], 2 ** 33 + 8);
  end.pump.pump();
  assert.equal(end.sent.length, 1, 'one wake, one message');
  const [first, second] = decodeFrames(end.sent[0]);
  assert.equal(first.position, 2n ** 33n);
  assert.equal(first.flags, FLAG.DISCONTINUITY | FLAG.EVENTS);
  assert.deepEqual(first.samples, stereo(0.5));
  assert.deepEqual(first.events, [{ kind: EVENT.NOTE_ON, member: 255, offset: 3, id: 60, value: 0.5 }]);
  assert.equal(second.flags, FLAG.SILENT);
  assert.equal(second.sequence, first.sequence + 1);
  assert.equal(second.frames, 8);
});

test('a gap of the context’s clock is a discontinuity, and nothing from before is heard after it', () => {
  const memory = shared();
  const end = echo(memory);
  const { turn } = processorOn(memory, ACTIVE);
  for (let quantum = 0; quantum < 5; quantum++) {
    turn(stereo(1), quantum * 8);
    end.pump.pump();
    end.answer();
  }
  const heard = [5000, 5008, 5016].map((frame) => {
    const output = turn(stereo(9), frame);
    end.pump.pump();
    const [sent] = decodeFrames(end.sent[0]);
    if (frame === 5000) assert.ok(sent.flags & FLAG.DISCONTINUITY);
    end.answer();
    return output[0][0];
  });
  assert.deepEqual(heard, [0, 0, 9]);
  assert.equal(memory.get(WORD.MISSES), 0, 'that is no underrun');
});

test('frames never exceed the credits, and a bridge too far behind gets the newest quantum', () => {
  const memory = shared();
  const end = echo(memory, { credits: 4 });
  const { turn } = processorOn(memory, ACTIVE);
  for (let quantum = 0; quantum < 300; quantum++) {
    turn(stereo(1), quantum * 8);
    if (quantum < 10) end.pump.pump();
  }
  assert.equal(end.stream.counts.frames, 4);
  end.answer();
  const frames = end.sent.flatMap((message) => decodeFrames(message));
  assert.equal(frames[0].sequence, 299);
  assert.ok(frames[0].flags & FLAG.DISCONTINUITY);
  assert.ok(end.stream.counts.skipped > 250);
});

test('results of an earlier stream are not heard in a later one', () => {
  const memory = shared();
  const end = echo(memory);
  const { turn } = processorOn(memory, ACTIVE);
  turn(stereo(1), 0);
  end.pump.pump();
  const old = end.sent.splice(0);
  memory.set(WORD.GENERATION, 2);
  end.pump.close(5);
  const again = end.pump.open({ stream: 6, ring: memory, generation: 2, credits: 64, offline: false });
  turn(stereo(2), 8);
  end.pump.pump();
  end.sent.push(...old);
  end.answer();
  assert.equal(again.counts.results, 1);
  turn(stereo(3), 16);
  assert.equal(turn(stereo(4), 24)[0][0], 2);
});

test('a refused frame gives its credit back and the next one is a discontinuity', () => {
  const memory = shared();
  const end = echo(memory);
  const { turn } = processorOn(memory, ACTIVE);
  turn(stereo(1), 0);
  end.pump.pump();
  end.sent.length = 0;
  end.pump.take(encodeFrame({ kind: KIND.AUDIO_NACK, stream: 5, aux: 6 }).buffer);
  assert.equal(end.stream.inFlight, 0);
  turn(stereo(1), 8);
  end.pump.pump();
  assert.ok(decodeFrames(end.sent[0])[0].flags & FLAG.DISCONTINUITY);
});

test('a dry answer is the input, later by the whole latency, also that of the plugin', () => {
  const memory = shared();
  const end = echo(memory);
  const { turn } = processorOn(memory, [...ACTIVE, [WORD.LATENCY, 8]]);
  const heard = [];
  for (let quantum = 0; quantum < 8; quantum++) {
    heard.push(turn(stereo(quantum + 1), quantum * 8)[0][0]);
    end.pump.pump();
    end.answer(FLAG.DRY);
  }
  assert.deepEqual(heard, [0, 0, 0, 1, 2, 3, 4, 5]);
  assert.ok(memory.get(WORD.DRY) > 0);
});

test('gaps fade: no step is larger than the fade allows', () => {
  const memory = shared(128);
  const end = echo(memory);
  const { turn } = processorOn(memory, [...ACTIVE, [WORD.FADE, 32]]);
  const heard = [];
  for (let quantum = 0; quantum < 14; quantum++) {
    heard.push(...turn(stereo(1, 128), quantum * 128, 128)[0]);
    end.pump.pump();
    if (quantum < 5 || quantum > 8) end.answer();
  }
  const settled = heard.slice(128 * 4);
  const steps = settled.slice(1).map((value, index) => Math.abs(value - settled[index]));
  assert.ok(Math.max(...steps) <= 1 / 32 + 1e-6, String(Math.max(...steps)));
  assert.ok(settled.includes(0) && settled.at(-1) === 1);
});

test('another thread reads what one writes, and no sample is torn', async () => {
  const memory = shared(64);
  const bell = new SharedArrayBuffer(64);
  memory.set(WORD.GENERATION, 1);
  const worker = new Worker(`
    const { parentPort, workerData } = require('node:worker_threads');
    (async () => {
      const { SlotRing, SLOT, WORD, samplesAt } = await import(workerData.url);
      const ring = new SlotRing({ block: 64, channels: 2 }, workerData.memory);
      const bell = new Int32Array(workerData.bell);
      let sent = 0, bad = 0;
      parentPort.postMessage('up');
      while (sent < 20000) {
        Atomics.wait(bell, 0, Atomics.load(bell, 0), 5);
        const written = ring.get(WORD.WRITTEN);
        for (; sent < written; sent++) {
          const at = ring.up(sent), word = at >> 2;
          const from = samplesAt(at);
          for (let index = 0; index < 128; index++) if (ring.floats[from + index] !== (index < 64 ? sent + 1 : -sent - 1)) bad++;
          if (ring.get(word + SLOT.STAMP) !== sent + 1) bad++;
        }
        ring.set(WORD.SENT, sent);
      }
      parentPort.postMessage(bad);
    })();
  `, { eval: true, workerData: { memory: memory.memory, bell, url: new URL('../src/slot-ring.js', import.meta.url).href } });
  const told = (/** @type {any} */ from) => new Promise((resolve, reject) => from.once('message', resolve).once('error', reject));
  await told(worker);
  const { turn } = processorOn(memory, ACTIVE, { bell });
  const last = told(worker);
  for (let quantum = 0; quantum < 20000; ) {
    if (quantum - memory.get(WORD.SENT) > SLOTS - 8) continue;
    turn(stereo(quantum + 1, 64), quantum * 64, 64);
    quantum++;
  }
  assert.equal(await last, 0);
  await worker.terminate();
});

test('memory of another shape is refused', () => {
  assert.throws(() => new SlotRing({ block: 128, channels: 2 }, new ArrayBuffer(100)), RangeError);
  assert.equal(samplesAt(0), 8);
});
