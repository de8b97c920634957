// The worker: it owns the one socket of the page, so that the page's own work never stops sound.
//
// Thread: worker. Invariant: it sleeps until the audio thread, the socket or the page wakes it; text passes through
// unread. Deliberately absent: the handshake and the verbs, which the page does; timers where memory is shared.

import { BlockRender } from './block-render.js';
import { decodeFrames } from './protocol.js';
import { SlotRing } from './slot-ring.js';
import { StreamPump } from './stream-pump.js';

/** Results between two reports about a stream. */
const REPORT_EVERY = 190;
const POOL = 64;
/** Where memory is not shared, the slots of one quantum wait this long for each other. */
const TOGETHER_MS = 2;

const scope = /** @type {any} */ (globalThis);
/** @type {WebSocket | null} */
let socket = null;
/** @type {Map<number, Pipe>} by the page's number of the node */
const pipes = new Map();
/** @type {Map<number, { render: BlockRender, id: number }>} by stream */
const renders = new Map();
/** Slots that came by message since the last pump. */
let arrived = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;

const pump = new StreamPump(
  (bytes) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(bytes);
  },
  () => performance.now(),
);

/** A node's ring, and the port to its processor where memory is not shared. */
class Pipe {
  /** @param {{ node: number, memory: ArrayBufferLike | null, block: number, channels: number, port: MessagePort | null }} setup */
  constructor(setup) {
    this.node = setup.node;
    this.ring = new SlotRing(setup, setup.memory ?? undefined);
    this.shared = setup.memory !== null;
    this.port = setup.port;
    /** @type {ArrayBuffer[]} */
    this.pool = [];
    /** @type {import('./stream-pump.js').PumpedStream | null} */
    this.stream = null;
    this.reported = 0;
    if (this.port) this.port.onmessage = (event) => this.receive(event.data);
  }

  /** @param {ArrayBuffer | 0} slot */
  receive(slot) {
    if (slot && slot.byteLength === this.ring.upBytes) {
      this.ring.takeUp(new Uint8Array(slot));
      if (this.pool.length < POOL) this.pool.push(slot);
    }
    askPump();
  }

  /** Sends a result to the processor. @param {number} quantum */
  deliver(quantum) {
    if (this.shared || !this.port) return;
    const { ring } = this;
    const at = ring.down(quantum);
    const buffer = this.pool.pop() ?? new ArrayBuffer(ring.upBytes);
    new Uint8Array(buffer).set(ring.bytes.subarray(at, at + ring.downBytes));
    this.port.postMessage(buffer, [buffer]);
  }

  report() {
    if (!this.stream || this.stream.counts.results - this.reported < REPORT_EVERY) return;
    this.reported = this.stream.counts.results;
    scope.postMessage({ type: 'stats', node: this.node, stats: this.stream.stats() });
  }
}

/** The slots of all nodes for one quantum travel in one message. */
function askPump() {
  let nodes = 0;
  for (const pipe of pipes.values()) if (pipe.stream && !pipe.shared && !pipe.stream.offline) nodes++;
  if (++arrived >= nodes) pumpNow();
  else waiting ??= setTimeout(pumpNow, TOGETHER_MS);
}

function pumpNow() {
  clearTimeout(waiting);
  waiting = undefined;
  arrived = 0;
  pump.pump();
}

/** @param {SharedArrayBuffer} memory */
async function listen(memory) {
  const bell = new Int32Array(memory);
  for (;;) {
    const seen = Atomics.load(bell, 0);
    pump.pump();
    const woken = Atomics.waitAsync(bell, 0, seen);
    if (woken.async) await woken.value;
  }
}

/** @param {ArrayBuffer} message */
function binary(message) {
  if (renders.size > 0 && renderResult(message)) return;
  for (const stream of pump.take(message)) {
    for (const pipe of pipes.values()) if (pipe.stream === stream) pipe.report();
  }
}

/** @param {ArrayBuffer} message @returns {boolean} the message was about renders */
function renderResult(message) {
  if (!renders.has(new DataView(message).getUint32(4, true))) return false;
  for (const frame of decodeFrames(message)) {
    const entry = renders.get(frame.stream);
    if (!entry) continue;
    entry.render.take(frame);
    if (entry.render.done) finish(frame.stream);
  }
  return true;
}

/** @param {number} stream */
function finish(stream) {
  const entry = renders.get(stream);
  if (!entry) return;
  renders.delete(stream);
  const { failed, channels } = entry.render;
  const moved = failed ? [] : channels.map((channel) => channel.buffer);
  scope.postMessage({ type: 'rendered', id: entry.id, failed, channels: failed ? null : channels }, moved);
}

/** @param {string} url @param {string[]} protocols @param {number} id */
function open(url, protocols, id) {
  const opened = new WebSocket(url, protocols);
  opened.binaryType = 'arraybuffer';
  socket = opened;
  opened.onopen = () => scope.postMessage({ type: 'open', id, protocol: opened.protocol });
  opened.onmessage = ({ data }) => {
    if (typeof data === 'string') scope.postMessage({ type: 'text', id, text: data });
    else binary(data);
  };
  opened.onclose = ({ code, reason }) => {
    if (socket === opened) {
      socket = null;
      for (const stream of [...renders.keys()]) {
        const entry = renders.get(stream);
        if (entry) entry.render.failed = 'the connection to the bridge was lost';
        finish(stream);
      }
      for (const pipe of pipes.values()) detach(pipe);
    }
    scope.postMessage({ type: 'close', id, code, reason });
  };
}

/** @param {Pipe} pipe */
function detach(pipe) {
  if (pipe.stream) pump.close(pipe.stream.stream);
  pipe.stream = null;
}

/** @type {Record<string, (message: any) => void>} */
const orders = {
  bell: ({ memory }) => void listen(memory),
  open: ({ url, protocols, id }) => open(url, protocols, id),
  text: ({ text }) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(text);
  },
  close: ({ code, reason }) => socket?.close(code, reason),
  pipe: (message) => {
    const old = pipes.get(message.node);
    if (old) detach(old);
    pipes.set(message.node, new Pipe(message));
  },
  attach: ({ node, stream, generation, credits, offline }) => {
    const pipe = pipes.get(node);
    if (!pipe) return;
    detach(pipe);
    pipe.reported = 0;
    pipe.stream = pump.open({
      stream, generation, credits, offline, ring: pipe.ring, onResult: (quantum) => pipe.deliver(quantum),
    });
    scope.postMessage({ type: 'attached', node, generation });
  },
  detach: ({ node }) => {
    const pipe = pipes.get(node);
    if (pipe) detach(pipe);
  },
  unpipe: ({ node }) => {
    const pipe = pipes.get(node);
    if (!pipe) return;
    detach(pipe);
    pipe.port?.close();
    pipes.delete(node);
  },
  stats: ({ node }) => {
    const stats = pipes.get(node)?.stream?.stats() ?? null;
    scope.postMessage({ type: 'stats', node, stats });
  },
  render: ({ id, job }) => {
    const render = new BlockRender(job, (bytes) => socket?.send(bytes));
    renders.set(job.stream, { render, id });
    if (socket?.readyState !== WebSocket.OPEN) render.failed = 'there is no connection to the bridge';
    else render.pump();
    if (render.done) finish(job.stream);
  },
  abort: ({ id }) => {
    for (const [stream, entry] of renders) if (entry.id === id) renders.delete(stream);
  },
};

scope.onmessage = (/** @type {MessageEvent} */ event) => orders[event.data.type]?.(event.data);
