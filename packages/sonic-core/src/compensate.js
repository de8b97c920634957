// Parallel paths that stay together: what is early waits for what is late.
//
// Thread: page. Invariant: all paths arrive with the latency of the latest one, to the sample, also when a latency
// changes. Deliberately absent: finding the paths; the caller knows its graph.

import { PROCESSOR_NAME } from './native-plugin-node.js';
import { WORD } from './slot-ring.js';

/**
 * @typedef {object} Path
 * @property {any} output the last node of the path
 * @property {any[]} [nodes] the native nodes on it; their latencies add up
 */

const LONGEST = 1 << 17;

/**
 * Connects the paths to the destination, each by way of a delay that is exact to the sample. The contexts must have the
 * processor (`NativePluginNode.register`).
 * @param {BaseAudioContext} context
 * @param {Path[]} paths
 * @param {any} destination
 * @param {{ Node?: any, channels?: number }} [options] the AudioWorkletNode class of the context
 */
export function compensate(context, paths, destination, options = {}) {
  const Node = options.Node ?? AudioWorkletNode;
  const channels = options.channels ?? 2;
  const delays = paths.map(({ output }) => {
    const delay = new Node(context, PROCESSOR_NAME, {
      numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [channels], channelCount: channels, channelCountMode: 'explicit',
      processorOptions: { channels, block: /** @type {any} */ (context).renderQuantumSize ?? 128, words: [], line: LONGEST },
    });
    output.connect(delay);
    delay.connect(destination);
    return delay;
  });
  const latencyOf = (/** @type {Path} */ path) => (path.nodes ?? []).reduce((sum, node) => sum + node.latencySamples, 0);
  let latencySamples = 0;
  const update = () => {
    latencySamples = Math.max(0, ...paths.map(latencyOf));
    for (const [index, path] of paths.entries()) {
      delays[index].port.postMessage({ type: 'words', words: [[WORD.LATENCY, latencySamples - latencyOf(path)]] });
    }
  };
  const nodes = paths.flatMap((path) => path.nodes ?? []);
  for (const node of nodes) node.addEventListener('latencychange', update);
  update();
  return {
    get latencySamples() {
      return latencySamples;
    },
    update,
    dispose() {
      for (const node of nodes) node.removeEventListener('latencychange', update);
      for (const [index, delay] of delays.entries()) {
        try {
          paths[index].output.disconnect(delay);
        } catch {
          // The path was taken apart already.
        }
        delay.disconnect();
        delay.port.postMessage({ type: 'dispose' });
      }
    },
  };
}
