// The audio thread's end of a native plugin: quanta go out as slots, results come back D quanta later, or are missing.
//
// Thread: audio. Invariant: the result of quantum q is heard at quantum q + D or never, so latency is constant; what is
// dry (bypass, waiting, a dry answer) is delayed by the same latency. One file without imports, because worklet loaders
// re-wrap it; its numbers are those of slot-ring.js and protocol.js, which a test compares.
// Deliberately absent: sockets, timers, `self`, `performance`; in real time it never waits.

const NAME = 'native-plugin-processor@0.1.0';

const WORD = { WRITTEN: 0, SENT: 1, STATE: 2, DEPTH: 3, LATENCY: 4, BYPASS: 5, POLICY: 6, MISSES: 7, GENERATION: 8, OUTPUTS: 9, INPUTS: 10, FADE: 11, DRY: 12 };
const STATE = { WAITING: 0, ACTIVE: 1, FAILED: 2 };
const SLOT = { STAMP: 0, FLAGS: 1, FRAMES: 2, CHANNELS: 3, LOW: 4, HIGH: 5, EVENTS: 6, GENERATION: 7 };
const FLAG = { DISCONTINUITY: 1, SILENT: 4, DRY: 16 };
const CONTROL_BYTES = 128;
const SLOT_HEADER = 32;
const EVENT_BYTES = 16;
const MAX_EVENTS = 64;
const SLOTS = 256;
const EVENT_PARAM = 1;
/** AudioParams p0 … p15 that can be bound to parameters. */
const BINDABLE = 16;
/** How long an offline context waits for the bridge. */
const PATIENCE_MS = 30000;
/** Samples between the points of a curve. */
const CURVE_STEP = 32;
/** Quanta between reports of automated values. */
const REPORT_EVERY = 16;

/** The same memory as SlotRing, as far as the processor needs it. */
class Ring {
  /** @param {ArrayBufferLike | null} memory @param {number} block @param {number} channels */
  constructor(memory, block, channels) {
    const samples = (block * channels * 4 + 7) & ~7;
    this.block = block;
    this.channels = channels;
    this.upBytes = SLOT_HEADER + samples + MAX_EVENTS * EVENT_BYTES;
    this.downBytes = SLOT_HEADER + samples;
    this.eventsAt = SLOT_HEADER + samples;
    this.downAt = CONTROL_BYTES + SLOTS * this.upBytes;
    this.memory = memory || new ArrayBuffer(this.downAt + SLOTS * this.downBytes);
    this.words = new Int32Array(this.memory);
    this.floats = new Float32Array(this.memory);
    this.doubles = new Float64Array(this.memory);
    this.bytes = new Uint8Array(this.memory);
  }

  /** @param {number} quantum */
  up(quantum) {
    return CONTROL_BYTES + (quantum & (SLOTS - 1)) * this.upBytes;
  }

  /** @param {number} quantum */
  down(quantum) {
    return this.downAt + (quantum & (SLOTS - 1)) * this.downBytes;
  }
}

/** Events of one quantum, sorted by offset; what does not fit waits for the next. */
class Events {
  constructor() {
    this.count = 0;
    this.kind = new Uint8Array(MAX_EVENTS);
    this.member = new Uint8Array(MAX_EVENTS);
    this.offset = new Uint16Array(MAX_EVENTS);
    this.id = new Uint32Array(MAX_EVENTS);
    this.value = new Float64Array(MAX_EVENTS);
  }

  get full() {
    return this.count >= MAX_EVENTS;
  }

  /** @param {number} kind @param {number} member @param {number} offset @param {number} id @param {number} value */
  add(kind, member, offset, id, value) {
    if (this.count >= MAX_EVENTS) return false;
    let at = this.count++;
    for (; at > 0 && this.offset[at - 1] > offset; at--) {
      this.kind[at] = this.kind[at - 1];
      this.member[at] = this.member[at - 1];
      this.offset[at] = this.offset[at - 1];
      this.id[at] = this.id[at - 1];
      this.value[at] = this.value[at - 1];
    }
    this.kind[at] = kind;
    this.member[at] = member;
    this.offset[at] = offset;
    this.id[at] = id;
    this.value[at] = value;
    return true;
  }

  /** @param {Ring} ring @param {number} at */
  write(ring, at) {
    for (let index = 0; index < this.count; index++, at += EVENT_BYTES) {
      ring.words[at >> 2] = this.kind[index] | (this.member[index] << 8) | (this.offset[index] << 16);
      ring.words[(at >> 2) + 1] = this.id[index];
      ring.doubles[(at >> 3) + 1] = this.value[index];
    }
  }
}

/** @typedef {{ op: string, frame: number, value: number, constant: number, base?: { frame: number, value: number } }} Step */

/** What is scheduled for one parameter, by the rules of an AudioParam. */
class Timeline {
  /** @param {number} member @param {number} id @param {number} value @param {number} frame */
  constructor(member, id, value, frame) {
    this.member = member;
    this.id = id;
    this.value = value;
    this.from = { frame, value };
    /** @type {Step[]} */
    this.list = [];
    this.changed = false;
  }

  /** @param {Step} step @param {number} frame @param {number} value */
  schedule(step, frame, value) {
    if (this.list.length === 0) this.from = { frame, value };
    if (this.list.length === 0) this.value = value;
    let at = this.list.length;
    while (at > 0 && this.list[at - 1].frame > step.frame) at--;
    this.list.splice(at, 0, step);
  }

  /** @param {number} frame */
  cancel(frame) {
    this.list = this.list.filter((step) => step.frame < frame);
  }

  /**
   * Points for the block from `start`; a plugin draws straight lines between points.
   * @param {number} start @param {number} frames @param {Events} events
   */
  run(start, frames, events) {
    const end = start + frames;
    while (this.list.length > 0 && events.count + 2 < MAX_EVENTS) {
      const step = this.list[0];
      if (step.op === 'set') {
        if (step.frame >= end) return;
        const offset = Math.max(0, step.frame - start);
        // A jump is two neighbouring points.
        if (offset > 0 && this.value !== step.value) this.point(offset - 1, this.value, events);
        this.point(offset, step.value, events);
        this.reach(step);
      } else if (step.op === 'target') {
        if (step.frame >= end) return;
        if (this.list.length > 1 && this.list[1].frame <= start) {
          this.reach({ frame: this.list[1].frame, value: this.value });
          continue;
        }
        const base = (step.base = step.base || { frame: Math.max(step.frame, this.from.frame), value: this.value });
        const until = this.list.length > 1 ? Math.min(end, this.list[1].frame) : end;
        const at = (/** @type {number} */ frame) =>
          step.value + (base.value - step.value) * Math.exp(-(frame - base.frame) / (step.constant * sampleRate));
        this.curve(Math.max(start, step.frame), until, start, at, events);
        if (until < end) {
          this.reach({ frame: until, value: this.value });
        } else if (this.list.length === 1 && Math.abs(this.value - step.value) < 1e-7) {
          this.point(frames - 1, step.value, events);
          this.reach({ frame: end, value: step.value });
          return;
        } else {
          return;
        }
      } else {
        if (this.from.frame >= end) return;
        const { frame: f0, value: v0 } = this.from;
        const length = Math.max(1, step.frame - f0);
        const at =
          step.op === 'exponential' && v0 > 0 && step.value > 0
            ? (/** @type {number} */ frame) => v0 * Math.pow(step.value / v0, (frame - f0) / length)
            : (/** @type {number} */ frame) => v0 + ((step.value - v0) * (frame - f0)) / length;
        const until = Math.min(end, step.frame);
        if (step.op === 'exponential') this.curve(Math.max(start, f0), until, start, at, events);
        if (step.frame < end) {
          this.point(Math.max(0, step.frame - start), step.value, events);
          this.reach(step);
        } else {
          this.point(frames - 1, at(end - 1), events);
          return;
        }
      }
    }
  }

  /** @param {number} from @param {number} until @param {number} start @param {(frame: number) => number} at @param {Events} events */
  curve(from, until, start, at, events) {
    for (let frame = from + CURVE_STEP - 1; frame < until - 1; frame += CURVE_STEP) {
      this.point(frame - start, at(frame), events);
    }
    if (until > from) this.point(until - 1 - start, at(until - 1), events);
  }

  /** @param {number} offset @param {number} value @param {Events} events */
  point(offset, value, events) {
    this.value = value < 0 ? 0 : value > 1 ? 1 : value;
    this.changed = true;
    events.add(EVENT_PARAM, this.member, offset, this.id, this.value);
  }

  /** @param {{ frame: number, value: number }} step */
  reach(step) {
    this.value = step.value;
    this.from = { frame: step.frame, value: step.value };
    this.list.shift();
  }
}

class NativePluginProcessor extends AudioWorkletProcessor {
  static get parameterDescriptors() {
    return Array.from({ length: BINDABLE }, (_, index) => ({
      name: 'p' + index,
      defaultValue: 0,
      minValue: 0,
      maxValue: 1,
      automationRate: 'k-rate',
    }));
  }

  /** @param {any} options */
  constructor(options) {
    super();
    const setup = options.processorOptions || {};
    this.channels = setup.channels || 2;
    this.wait = setup.wait === true;
    this.bell = setup.bell ? new Int32Array(setup.bell) : null;
    /** Shared by the processors of a context: frame of the present quantum, how many wrote in it, how many in the last. */
    this.turns = setup.turns ? new Int32Array(setup.turns) : null;
    /** @type {MessagePort | null} */
    this.pipe = null;
    this.signal = false;
    /** @type {ArrayBuffer[]} */
    this.pool = [];
    this.quantum = 0;
    this.first = 0;
    this.generation = 0;
    this.expected = -1;
    this.running = true;
    this.stalled = false;
    this.tooLong = 0;
    this.depth = -1;
    this.events = new Events();
    /** @type {{ frame: number, kind: number, member: number, id: number, value: number }[]} */
    this.queue = [];
    /** @type {Map<string, Timeline>} */
    this.timelines = new Map();
    /** @type {({ member: number, id: number } | null)[]} */
    this.bound = new Array(BINDABLE).fill(null);
    this.lastBound = new Float64Array(BINDABLE).fill(NaN);
    this.missRun = 0;
    this.sync = 0;
    this.sinceReport = 0;
    /** @type {Float32Array[]} */
    this.line = Array.from({ length: this.channels }, () => new Float32Array(setup.line || 32768));
    this.lineAt = 0;
    this.held = new Float32Array(this.channels);
    this.last = new Float32Array(this.channels);
    /** @type {Float32Array[]} */
    this.wet = [];
    /** @type {Float32Array[]} */
    this.dry = [];
    this.ring = new Ring(setup.memory, setup.block || 128, this.channels);
    this.mix = 0;
    this.rise = 1;
    this.fall = 0;
    this.setRing(setup.memory, setup.block || 128);
    for (const [word, value] of setup.words || []) Atomics.store(this.ring.words, word, value);
    this.port.onmessage = (event) => this.hear(event.data);
  }

  /** @param {ArrayBufferLike | null} memory @param {number} block */
  setRing(memory, block) {
    this.ring = new Ring(memory, block, this.channels);
    this.wet = Array.from({ length: this.channels }, () => new Float32Array(block));
    this.dry = Array.from({ length: this.channels }, () => new Float32Array(block));
    this.quantum = 0;
    this.first = 0;
    this.generation = 0;
  }

  /** @param {any} message */
  hear(message) {
    switch (message.type) {
      case 'ring':
        this.setRing(message.memory, message.block);
        for (const [word, value] of message.words) Atomics.store(this.ring.words, word, value);
        break;
      case 'words':
        for (const [word, value] of message.words) Atomics.store(this.ring.words, word, value);
        break;
      case 'pipe':
        this.pipe = /** @type {MessagePort} */ (message.port);
        this.signal = message.signal;
        this.pipe.onmessage = (event) => this.receive(event.data);
        break;
      case 'line':
        this.line = message.line;
        this.lineAt = 0;
        break;
      case 'events':
        for (const event of message.events) this.enqueue(event);
        break;
      case 'param':
        this.schedule(message);
        break;
      case 'bind':
        this.bound[message.index] = message.target;
        this.lastBound[message.index] = NaN;
        break;
      case 'sync':
        this.sync = message.id;
        this.answerSync();
        break;
      case 'dispose':
        this.running = false;
        if (this.pipe) this.pipe.close();
        break;
    }
  }

  /** @param {{ frame: number, kind: number, member: number, id: number, value: number }} event */
  enqueue(event) {
    let at = this.queue.length;
    while (at > 0 && this.queue[at - 1].frame > event.frame) at--;
    this.queue.splice(at, 0, event);
  }

  /** @param {{ member: number, id: number, from: number, step: Step }} message */
  schedule(message) {
    const key = message.member + ':' + message.id;
    let line = this.timelines.get(key);
    if (message.step.op === 'cancel') {
      if (line) line.cancel(message.step.frame);
      return;
    }
    if (!line) {
      line = new Timeline(message.member, message.id, message.from, currentFrame);
      this.timelines.set(key, line);
    }
    line.schedule(message.step, currentFrame, message.from);
  }

  /** A slot from the worker, where memory is not shared. @param {ArrayBuffer} buffer */
  receive(buffer) {
    const stamp = new Int32Array(buffer, 0, 1)[0];
    const at = this.ring.down(stamp - 1);
    const bytes = new Uint8Array(buffer);
    if (bytes.length === this.ring.upBytes) {
      this.ring.bytes.set(bytes.subarray(0, this.ring.downBytes), at);
      if (this.pool.length < 64) this.pool.push(buffer);
    }
    this.answerSync();
  }

  answerSync() {
    if (!this.sync) return;
    const state = this.word(WORD.STATE);
    if (state === STATE.WAITING) return;
    if (state === STATE.ACTIVE && this.generation === this.word(WORD.GENERATION) && this.quantum !== this.first) {
      if (!this.has((this.quantum - 1) | 0)) return;
    }
    this.port.postMessage({ type: 'synced', id: this.sync });
    this.sync = 0;
  }

  /** @param {number} word */
  word(word) {
    return Atomics.load(this.ring.words, word);
  }

  /** @param {number} quantum */
  has(quantum) {
    const word = this.ring.down(quantum) >> 2;
    return (
      Atomics.load(this.ring.words, word + SLOT.STAMP) === ((quantum + 1) | 0) &&
      this.ring.words[word + SLOT.GENERATION] === this.generation
    );
  }

  /** @param {Float32Array[][]} inputs @param {Float32Array[][]} outputs @param {Record<string, Float32Array>} parameters */
  process(inputs, outputs, parameters) {
    if (!this.running) return false;
    const output = outputs[0];
    if (output.length === 0) return true;
    const frames = output[0].length;
    const input = inputs[0];
    if (this.expected < 0) this.port.postMessage({ type: 'started', frames, frame: currentFrame });
    const gap = this.expected >= 0 && currentFrame !== this.expected;
    this.expected = currentFrame + frames;
    if (frames > this.ring.block) {
      if (this.tooLong !== frames) {
        this.tooLong = frames;
        this.port.postMessage({ type: 'block', frames });
      }
      for (let channel = 0; channel < output.length; channel++) {
        if (input.length > 0) output[channel].set(input[Math.min(channel, input.length - 1)]);
      }
      return true;
    }
    if (this.wait && this.word(WORD.STATE) === STATE.WAITING) this.awaitBridge();
    const active = this.word(WORD.STATE) === STATE.ACTIVE;
    let flags = 0;
    if (gap) {
      for (const line of this.line) line.fill(0);
      this.first = this.quantum;
      flags = FLAG.DISCONTINUITY;
    }
    this.pushLine(input, frames);
    let heard = 0;
    if (active) {
      const generation = this.word(WORD.GENERATION);
      if (generation !== this.generation) {
        this.generation = generation;
        this.first = this.quantum;
        flags = FLAG.DISCONTINUITY;
        this.lastBound.fill(NaN);
      }
      this.collect(frames, parameters);
      this.writeSlot(input, frames, flags);
      heard = this.hearResult(frames);
    } else {
      this.missRun = 0;
    }
    this.play(output, frames, heard);
    return true;
  }

  /** Offline only: nothing is rendered before the plugin is there. */
  awaitBridge() {
    if (this.stalled) return;
    const until = Date.now() + PATIENCE_MS;
    for (let turn = 1; this.word(WORD.STATE) === STATE.WAITING; turn++) {
      if ((turn & 1023) === 0 && Date.now() > until) return this.giveUp();
    }
  }

  /** Offline only: results are never missing. @param {number} quantum */
  awaitResult(quantum) {
    if (this.stalled) return false;
    const until = Date.now() + PATIENCE_MS;
    for (let turn = 1; !this.has(quantum); turn++) {
      if ((turn & 1023) === 0 && (Date.now() > until || this.word(WORD.STATE) !== STATE.ACTIVE)) {
        this.giveUp();
        return false;
      }
    }
    return true;
  }

  giveUp() {
    this.stalled = true;
    this.port.postMessage({ type: 'stalled', frame: currentFrame });
  }

  /** @param {number} frames @param {Record<string, Float32Array>} parameters */
  collect(frames, parameters) {
    const events = this.events;
    events.count = 0;
    const end = currentFrame + frames;
    let taken = 0;
    while (taken < this.queue.length && this.queue[taken].frame < end && !events.full) {
      const event = this.queue[taken++];
      events.add(event.kind, event.member, Math.max(0, event.frame - currentFrame), event.id, event.value);
    }
    if (taken > 0) this.queue.splice(0, taken);
    for (const line of this.timelines.values()) {
      if (line.list.length > 0) line.run(currentFrame, frames, events);
    }
    for (let index = 0; index < BINDABLE; index++) {
      const target = this.bound[index];
      if (!target || events.full) continue;
      const value = parameters['p' + index][0];
      if (value === this.lastBound[index]) continue;
      // The plugin draws a line from the end of the last block to the end of this one.
      events.add(EVENT_PARAM, target.member, frames - 1, target.id, value);
      this.lastBound[index] = value;
    }
    if (++this.sinceReport >= REPORT_EVERY) this.report();
  }

  report() {
    this.sinceReport = 0;
    /** @type {[number, number, number][] | null} */
    let values = null;
    for (const line of this.timelines.values()) {
      if (!line.changed) continue;
      line.changed = false;
      (values = values || []).push([line.member, line.id, line.value]);
    }
    if (values) this.port.postMessage({ type: 'values', values });
  }

  /** @param {Float32Array[]} input @param {number} frames @param {number} flags */
  writeSlot(input, frames, flags) {
    const ring = this.ring;
    const at = ring.up(this.quantum);
    const word = at >> 2;
    const count = Math.min(this.word(WORD.INPUTS), this.channels);
    let silent = true;
    if (input.length > 0 && count > 0) {
      const from = (at + SLOT_HEADER) >> 2;
      for (let channel = 0; channel < count; channel++) {
        const samples = input[Math.min(channel, input.length - 1)];
        ring.floats.set(samples, from + channel * frames);
        for (let index = 0; silent && index < frames; index++) silent = samples[index] === 0;
      }
    }
    ring.words[word + SLOT.FLAGS] = flags | (silent ? FLAG.SILENT : 0);
    ring.words[word + SLOT.FRAMES] = frames;
    ring.words[word + SLOT.CHANNELS] = count;
    ring.words[word + SLOT.LOW] = currentFrame | 0;
    ring.words[word + SLOT.HIGH] = Math.floor(currentFrame / 4294967296);
    ring.words[word + SLOT.EVENTS] = this.events.count;
    ring.words[word + SLOT.GENERATION] = this.generation;
    this.events.write(ring, at + ring.eventsAt);
    this.quantum = (this.quantum + 1) | 0;
    Atomics.store(ring.words, word + SLOT.STAMP, this.quantum);
    Atomics.store(ring.words, WORD.WRITTEN, this.quantum);
    if (this.bell) {
      if (this.lastOfQuantum()) this.ringBell(this.bell);
    } else if (this.pipe) {
      const buffer = this.pool.pop() || new ArrayBuffer(ring.upBytes);
      const bytes = new Uint8Array(buffer);
      if (silent) {
        bytes.set(ring.bytes.subarray(at, at + SLOT_HEADER));
        if (this.events.count) bytes.set(ring.bytes.subarray(at + ring.eventsAt, at + ring.upBytes), ring.eventsAt);
      } else {
        bytes.set(ring.bytes.subarray(at, at + (this.events.count ? ring.upBytes : ring.eventsAt)));
      }
      this.pipe.postMessage(buffer, [buffer]);
    }
  }

  /** Many processors ring once: the one that, going by the last quantum, is the last of this one. */
  lastOfQuantum() {
    const { turns } = this;
    // Who waits for the answer rings at once.
    if (!turns || this.wait) return true;
    if (turns[0] !== (currentFrame | 0)) {
      turns[0] = currentFrame | 0;
      turns[2] = turns[1];
      turns[1] = 0;
    }
    return ++turns[1] >= turns[2];
  }

  /** @param {Int32Array} bell */
  ringBell(bell) {
    Atomics.add(bell, 0, 1);
    Atomics.notify(bell, 0);
    if (this.signal && this.pipe) this.pipe.postMessage(0);
  }

  /** @param {number} frames @returns {number} 0 nothing yet, 1 a result in `wet`, 2 missing, 3 a dry answer */
  hearResult(frames) {
    const ring = this.ring;
    const depth = this.word(WORD.DEPTH);
    if (depth !== this.depth) {
      if (this.depth >= 0) this.fadeIn();
      this.depth = depth;
    }
    // With depth 0, offline only, the quantum that was just written is waited for.
    const wanted = (this.quantum - 1 - depth) | 0;
    if (((wanted - this.first) | 0) < 0) return 0;
    if (this.wait) this.awaitResult(wanted);
    if (!this.has(wanted)) {
      this.missRun++;
      Atomics.add(ring.words, WORD.MISSES, 1);
      if (this.missRun === 128) this.tellMisses();
      return 2;
    }
    if (this.missRun > 0) this.tellMisses();
    const at = ring.down(wanted);
    const word = at >> 2;
    const flags = ring.words[word + SLOT.FLAGS];
    if (flags & FLAG.DRY) {
      Atomics.add(ring.words, WORD.DRY, 1);
      return 3;
    }
    const count = ring.words[word + SLOT.CHANNELS];
    const from = (at + SLOT_HEADER) >> 2;
    const valid = Math.min(frames, ring.words[word + SLOT.FRAMES]);
    for (let channel = 0; channel < this.channels; channel++) {
      const wet = this.wet[channel];
      if (flags & FLAG.SILENT || count === 0) {
        wet.fill(0, 0, frames);
      } else {
        const start = from + Math.min(channel, count - 1) * ring.words[word + SLOT.FRAMES];
        for (let index = 0; index < valid; index++) wet[index] = ring.floats[start + index];
        if (valid < frames) wet.fill(0, valid, frames);
      }
    }
    return 1;
  }

  tellMisses() {
    this.port.postMessage({ type: 'underrun', count: this.missRun, frame: currentFrame });
    this.missRun = 0;
  }

  fadeIn() {
    if (this.word(WORD.FADE) > 0) this.rise = 0;
  }

  /** @param {Float32Array[]} input @param {number} frames */
  pushLine(input, frames) {
    const size = this.line[0].length;
    for (let channel = 0; channel < this.channels; channel++) {
      const line = this.line[channel];
      const samples = input.length > 0 ? input[Math.min(channel, input.length - 1)] : null;
      let at = this.lineAt;
      for (let index = 0; index < frames; index++) {
        line[at] = samples ? samples[index] : 0;
        if (++at === size) at = 0;
      }
    }
    this.lineAt = (this.lineAt + frames) % size;
  }

  /** @param {number} frames */
  readLine(frames) {
    const size = this.line[0].length;
    const delay = Math.min(size - frames, this.word(WORD.DEPTH) * frames + this.word(WORD.LATENCY));
    const start = (this.lineAt - frames - delay + 2 * size) % size;
    for (let channel = 0; channel < this.channels; channel++) {
      const line = this.line[channel];
      const dry = this.dry[channel];
      let at = start;
      for (let index = 0; index < frames; index++) {
        dry[index] = line[at];
        if (++at === size) at = 0;
      }
    }
  }

  /**
   * Plays the result, the delayed input, or the end of what was last heard; never with a click, if fading is on.
   * @param {Float32Array[]} output @param {number} frames @param {number} heard
   */
  play(output, frames, heard) {
    const fade = this.word(WORD.FADE);
    const bypass = this.word(WORD.BYPASS) !== 0;
    const toDry = bypass || heard === 0 || heard === 3 || (heard === 2 && this.word(WORD.POLICY) === 1);
    const target = toDry ? 0 : 1;
    const channels = Math.min(output.length, this.channels);
    if (heard === 1) {
      if (this.mix === 0) this.rise = 1;
      for (let channel = 0; channel < channels; channel++) this.held[channel] = this.wet[channel][frames - 1];
      this.fall = 1;
    } else {
      if (this.mix > 0) this.rise = 0;
    }
    if (fade === 0) {
      this.mix = target;
      this.rise = 1;
      this.fall = 0;
    }
    if (heard === 1 && target === 1 && this.mix === 1 && this.rise === 1) {
      for (let channel = 0; channel < channels; channel++) {
        const wet = this.wet[channel];
        const out = output[channel];
        for (let index = 0; index < frames; index++) out[index] = wet[index];
      }
      return;
    }
    this.readLine(frames);
    if (target === 0 && this.mix === 0) {
      for (let channel = 0; channel < channels; channel++) {
        const dry = this.dry[channel];
        const out = output[channel];
        for (let index = 0; index < frames; index++) out[index] = dry[index];
      }
      return;
    }
    const pace = fade > 0 ? 1 / fade : 1;
    let { mix, rise, fall } = this;
    for (let channel = 0; channel < channels; channel++) {
      ({ mix, rise, fall } = this);
      const out = output[channel];
      const dry = this.dry[channel];
      const wet = this.wet[channel];
      for (let index = 0; index < frames; index++) {
        mix = target > mix ? Math.min(1, mix + pace) : Math.max(target, mix - pace);
        let sound;
        if (heard === 1) {
          rise = Math.min(1, rise + pace);
          sound = wet[index] * rise;
        } else {
          fall = Math.max(0, fall - pace);
          sound = this.held[channel] * fall;
        }
        out[index] = dry[index] * (1 - mix) + sound * mix;
      }
    }
    this.mix = mix;
    this.rise = rise;
    this.fall = fall;
  }
}

registerProcessor(NAME, NativePluginProcessor);
