// The page's end of the worker.
//
// Thread: page. Invariant: one worker and one socket for all nodes of a manager; handlers of a closed socket are not
// called any more. Deliberately absent: what the texts mean.

import { BridgeError } from './bridge-event.js';

/**
 * @typedef {object} SocketHandlers
 * @property {(protocol: string) => void} open
 * @property {(text: string) => void} text
 * @property {(code: number, reason: string) => void} close
 */

/** @typedef {{ send(text: string): void, close(code?: number, reason?: string): void }} TextSocket */

/** What a connection manager needs. @typedef {{ open(url: string, protocols: string[], handlers: SocketHandlers): TextSocket, dispose(): void }} Transport */

export class WorkerTransport {
  /** @param {{ workerUrl?: string | URL }} [options] */
  constructor(options = {}) {
    this.worker = new Worker(options.workerUrl ?? new URL('./worker.js', import.meta.url), { type: 'module' });
    this.worker.onmessage = (event) => this.hear(event.data);
    this.worker.onerror = (event) => this.broken(event.message || 'the worker script could not be loaded');
    /** @type {Map<number, SocketHandlers>} */
    this.sockets = new Map();
    /** @type {Map<number, (stats: any) => void>} */
    this.listeners = new Map();
    /** @type {Map<string, (generation: number) => void>} */
    this.attaching = new Map();
    /** @type {Map<number, { resolve: (channels: Float32Array[]) => void, reject: (error: Error) => void }>} */
    this.renders = new Map();
    this.nextId = 1;
    /** Wakes the worker; null where memory cannot be shared. @type {SharedArrayBuffer | null} */
    this.bell = null;
    /** The processors must ring by message, because this browser has no Atomics.waitAsync. */
    this.signal = false;
    if (globalThis.crossOriginIsolated && typeof SharedArrayBuffer === 'function') {
      this.bell = new SharedArrayBuffer(64);
      this.signal = typeof Atomics.waitAsync !== 'function';
      if (!this.signal) this.worker.postMessage({ type: 'bell', memory: this.bell });
    }
  }

  /** @param {any} message */
  hear(message) {
    const socket = this.sockets.get(message.id);
    if (message.type === 'open') socket?.open(message.protocol);
    else if (message.type === 'text') socket?.text(message.text);
    else if (message.type === 'close') {
      this.sockets.delete(message.id);
      socket?.close(message.code, message.reason);
    } else if (message.type === 'stats') this.listeners.get(message.node)?.(message.stats);
    else if (message.type === 'attached') this.attaching.get(`${message.node}:${message.generation}`)?.(message.generation);
    else if (message.type === 'rendered') {
      const render = this.renders.get(message.id);
      this.renders.delete(message.id);
      if (message.failed) render?.reject(new BridgeError(message.failed, { kind: 'RENDER' }));
      else render?.resolve(message.channels);
    }
  }

  /** @param {string} why */
  broken(why) {
    for (const socket of this.sockets.values()) socket.close(1006, why);
    this.sockets.clear();
  }

  /** @param {string} url @param {string[]} protocols @param {SocketHandlers} handlers @returns {TextSocket} */
  open(url, protocols, handlers) {
    const id = this.nextId++;
    this.sockets.set(id, handlers);
    this.worker.postMessage({ type: 'open', id, url, protocols });
    return {
      send: (text) => this.worker.postMessage({ type: 'text', text }),
      close: (code = 1000, reason = '') => this.worker.postMessage({ type: 'close', code, reason }),
    };
  }

  /**
   * @param {number} node
   * @param {{ memory: ArrayBufferLike | null, block: number, channels: number }} ring
   * @param {MessagePort | null} port
   */
  pipe(node, ring, port) {
    const message = { type: 'pipe', node, memory: ring.memory, block: ring.block, channels: ring.channels, port };
    this.worker.postMessage(message, port ? [port] : []);
  }

  /**
   * Frames of the node go to this stream from now on.
   * @param {number} node
   * @param {{ stream: number, generation: number, credits: number, offline: boolean }} to
   */
  attach(node, to) {
    return new Promise((resolve) => {
      const key = `${node}:${to.generation}`;
      this.attaching.set(key, (generation) => {
        this.attaching.delete(key);
        resolve(generation);
      });
      this.worker.postMessage({ type: 'attach', node, ...to });
    });
  }

  /** @param {number} node */
  detach(node) {
    this.worker.postMessage({ type: 'detach', node });
  }

  /** @param {number} node */
  unpipe(node) {
    this.listeners.delete(node);
    this.worker.postMessage({ type: 'unpipe', node });
  }

  /** @param {number} node @param {(stats: any) => void} listener */
  onStats(node, listener) {
    this.listeners.set(node, listener);
  }

  /**
   * @param {import('./block-render.js').RenderJob} job its channels are moved
   * @param {AbortSignal} [signal]
   * @returns {Promise<Float32Array[]>}
   */
  render(job, signal) {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      this.renders.set(id, { resolve, reject });
      signal?.addEventListener('abort', () => {
        this.worker.postMessage({ type: 'abort', id });
        this.renders.delete(id);
        reject(signal.reason);
      });
      this.worker.postMessage({ type: 'render', id, job }, job.channels.map((channel) => channel.buffer));
    });
  }

  dispose() {
    this.worker.terminate();
    this.sockets.clear();
  }
}
