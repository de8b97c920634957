// What browser tests call: a paired manager, generator → nodes → checker.

import * as lib from '../sonic-core/index.js';

const rig = /** @type {any} */ (globalThis);
rig.lib = lib;

rig.sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {string} key @param {string} [url] */
rig.connect = async (key, url = location.origin) => {
  const bridge = new lib.ConnectionManager({ url, app: 'Rig', firstDelay: 50, longestDelay: 300 });
  rig.bridge = bridge;
  if (key) await bridge.pair({ key });
  else await bridge.connect();
  return bridge.state;
};

/** A context whose callback is one quantum: the shortest there is. @param {any} [options] */
rig.realtime = async (options = {}) => {
  const context = new AudioContext(/** @type {any} */ ({ sinkId: { type: 'none' }, latencyHint: 0, sampleRate: 48000, ...options }));
  await Promise.all([context.audioWorklet.addModule('./checker.js'), lib.NativePluginNode.register(context)]);
  rig.context = context;
  return context;
};

/** @param {any} context @param {any[]} nodes */
rig.wire = (context, nodes) => {
  const generator = new AudioWorkletNode(context, 'generator', { numberOfInputs: 0, outputChannelCount: [2] });
  const checker = new AudioWorkletNode(context, 'checker', { outputChannelCount: [2], channelCount: 2, channelCountMode: 'explicit' });
  [generator, ...nodes, checker, context.destination].reduce((from, to) => (from.connect(to), to));
  return {
    generator, checker,
    check: (/** @type {number} */ latency, settle = 0, gain = 1) => checker.port.postMessage({ latency, settle, gain }),
    report: () => new Promise((resolve) => {
      checker.port.onmessage = ({ data }) => resolve(data);
      checker.port.postMessage({ report: true });
    }),
  };
};

/** An offline context with generator and checker that know the latency beforehand. @param {any} context @param {any[]} nodes @param {number} latency */
rig.wireOffline = (context, nodes, latency) => {
  const generator = new AudioWorkletNode(context, 'generator', { numberOfInputs: 0, outputChannelCount: [2] });
  const checker = new AudioWorkletNode(context, 'checker', {
    outputChannelCount: [2], channelCount: 2, channelCountMode: 'explicit', processorOptions: { latency, from: 0 },
  });
  [generator, ...nodes, checker, context.destination].reduce((from, to) => (from.connect(to), to));
  return {
    report: () => new Promise((resolve) => {
      checker.port.onmessage = ({ data }) => resolve(data);
      checker.port.postMessage({ report: true });
    }),
  };
};
rig.loaded = true;
