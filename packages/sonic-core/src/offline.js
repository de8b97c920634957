// Native plugins faster than real time: whole buffers, and offline contexts.
//
// Thread: page; the sound goes through the worker. Invariant: the result starts where the input started (latency is cut
// away) and nothing in it is missing, or the promise is rejected. Deliberately absent: encoding of files.

import { BridgeError } from './bridge-event.js';

/**
 * @typedef {object} ProcessOptions
 * @property {import('./connection-manager.js').ConnectionManager} bridge
 * @property {string} [plugin] @property {any[]} [plugins] a chain
 * @property {string} [state]
 * @property {number} [tail] seconds to add; by default what the plugin says, at most 30
 * @property {number} [block] samples
 * @property {number} [window] blocks under way
 * @property {{ time: number, kind: number, member?: number, id: number, value: number }[]} [events] sorted by time in seconds
 * @property {AbortSignal} [signal]
 */

/** The part of an AudioBuffer that is needed. @typedef {{ sampleRate: number, length: number, numberOfChannels: number, getChannelData(channel: number): Float32Array }} SoundBuffer */

const BLOCK = 4096;
const WINDOW = 4;
const LONGEST_TAIL_S = 30;
const ANSWER_MS = 200;

/**
 * Runs a buffer through a plugin with an instance of its own.
 * @param {SoundBuffer} buffer
 * @param {ProcessOptions} options
 * @returns {Promise<{ channels: Float32Array[], sampleRate: number, length: number }>}
 */
export async function processChannels(buffer, options) {
  const { bridge, signal } = options;
  const block = Math.min(65535, options.block ?? BLOCK);
  const channels = Math.max(1, buffer.numberOfChannels);
  const sampleRate = buffer.sampleRate;
  const what = options.plugins ? { plugins: options.plugins } : { plugin_id: options.plugin };
  const record = await bridge.call('LOAD_PLUGIN', {
    ...what, ...(options.state ? { state: options.state } : {}), sample_rate: sampleRate, max_block: block, channels, mode: 'offline',
  }, { signal });
  try {
    const opened = await bridge.call('OPEN_STREAM', {
      instance: record.instance, sample_rate: sampleRate, block, channels, mode: 'offline', credits: Math.max(32, (options.window ?? WINDOW) + 1),
    }, { signal });
    const total = buffer.length + Math.round(tailSeconds(opened.tail, sampleRate, options.tail) * sampleRate);
    const rendered = await bridge.transport.render({
      stream: opened.stream,
      channels: Array.from({ length: buffer.numberOfChannels }, (_, channel) => buffer.getChannelData(channel).slice()),
      length: buffer.length, total, latency: opened.latency_samples, inputs: opened.inputs, outputs: Math.max(1, opened.outputs),
      block: Math.min(block, opened.max_frames ?? block), window: options.window ?? WINDOW,
      events: (options.events ?? []).map(({ time, member = 255, kind, id, value }) => ({ frame: Math.round(time * sampleRate), member, kind, id, value })),
    }, signal);
    return { channels: rendered, sampleRate, length: total };
  } finally {
    await bridge.call('UNLOAD_PLUGIN', { instance: record.instance }).catch(() => {});
  }
}

/**
 * The same with an AudioBuffer as result.
 * @param {AudioBuffer} buffer @param {ProcessOptions} options @returns {Promise<AudioBuffer>}
 */
export async function processBuffer(buffer, options) {
  const { channels, sampleRate, length } = await processChannels(buffer, options);
  const result = new AudioBuffer({ numberOfChannels: channels.length, length, sampleRate });
  for (const [channel, samples] of channels.entries()) result.copyToChannel(/** @type {Float32Array<ArrayBuffer>} */ (samples), channel);
  return result;
}

/** @param {{ kind: string, samples: number } | undefined} tail @param {number} sampleRate @param {number | undefined} wanted */
function tailSeconds(tail, sampleRate, wanted) {
  if (wanted !== undefined) return Math.max(0, wanted);
  if (!tail || tail.kind === 'none') return 0;
  return tail.kind === 'infinite' ? LONGEST_TAIL_S : Math.min(LONGEST_TAIL_S, tail.samples / sampleRate);
}

/**
 * Renders an offline context that holds native nodes. Unlike `startRendering` alone it rejects when a plugin was not
 * there or the bridge did not answer, instead of giving back a sound with holes.
 * @param {{ startRendering(): Promise<AudioBuffer> }} context
 * @param {{ stalledAt: number, failure: any, whenReady(): Promise<void>, settled(): Promise<void>, sync(): Promise<void>, context: { sampleRate: number } }[]} nodes
 */
export async function renderOffline(context, nodes) {
  await Promise.all(nodes.map((node) => node.whenReady()));
  await Promise.all(nodes.map((node) => node.settled()));
  // What was scheduled has to reach the processor before the first quantum; not every browser answers before it renders.
  await Promise.race([Promise.all(nodes.map((node) => node.sync())), new Promise((resolve) => setTimeout(resolve, ANSWER_MS))]);
  const rendered = await context.startRendering();
  // A processor's last message may come behind the result.
  await new Promise((resolve) => setTimeout(resolve));
  for (const node of nodes) {
    if (node.failure) throw node.failure;
    if (node.stalledAt >= 0) {
      throw new BridgeError(`The bridge did not answer within 30 s at ${(node.stalledAt / node.context.sampleRate).toFixed(2)} s.`, { kind: 'STALLED' });
    }
  }
  return rendered;
}
