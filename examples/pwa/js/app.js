// The page: it finds the bridge, builds the rack, and connects the parts.

import { choosePlugin } from './add-module.js';
import { BridgeView, acceptNative } from './bridge-view.js';
import { byId, make, toast } from './dom.js';
import { Keyboard } from './keyboard.js';
import { BPM } from './loops.js';
import { Meters } from './meters.js';
import { RackView } from './rack-view.js';
import { Rack } from './rack.js';
import { Recorder } from './recorder.js';
import { Sources } from './sources.js';
import { recall, remember } from './store.js';
import { ConnectionManager, NativePluginNode, isLoopbackPage } from '../sonic-core/index.js';

const DEFAULT_BRIDGE = 'http://127.0.0.1:8080';

/** The single-use key of a printed address; it does not stay in the address. */
function takeKey() {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (key) history.replaceState(null, '', location.pathname + location.search);
  return key ?? undefined;
}

/** The bridge served this page, or it listens at its usual place, or the address says where on this computer. */
function bridgeUrl() {
  const asked = new URLSearchParams(location.search).get('bridge');
  if (asked && isLoopbackPage(asked)) return new URL(asked).origin;
  return isLoopbackPage(location.href) ? location.origin : DEFAULT_BRIDGE;
}

async function start() {
  const key = takeKey();
  const bridge = new ConnectionManager({ url: bridgeUrl(), app: 'Sonic Rack', version: '0.1.0' });
  const context = new AudioContext({ latencyHint: 'interactive' });
  await Promise.all([context.audioWorklet.addModule(new URL('../worklets/recorder.js', import.meta.url)), NativePluginNode.register(context)]);

  const master = new GainNode(context, { gain: recall('master', 0.8) });
  const rack = new Rack(context, bridge, master);
  master.connect(context.destination);
  new Meters(context, master);
  new Recorder(context, master);

  const sources = new Sources(context, rack.input);
  sources.mount(byId('source-kinds'), byId('source-options'));
  const play = byId('play');
  play.addEventListener('click', () => (sources.playing ? sources.stop() : sources.play()));
  sources.addEventListener('change', () => {
    play.setAttribute('aria-pressed', String(sources.playing));
    play.setAttribute('aria-label', sources.playing ? 'Stop' : 'Play');
    rack.setTransport(BPM, sources.playing && sources.kind === 'loop');
  });

  const level = /** @type {import('../sonic-core/ui/knob.js').NativeKnob} */ (make(/** @type {any} */ ('native-knob'), { label: 'Master', min: 0, max: 100, default: 80, value: master.gain.value * 100, unit: '%' }));
  level.addEventListener('input', () => {
    master.gain.setTargetAtTime(level.norm, context.currentTime, 0.01);
    remember('master', level.norm);
  });
  byId('master').append(level);

  const keys = byId('keys');
  new Keyboard(keys, context, () => rack.modules.filter(({ instrument }) => instrument).map(({ node }) => node));
  const view = new BridgeView(bridge, () => rack);
  const rackView = new RackView(rack, async (lane, suggested) => {
    const plugin = suggested ?? (await choosePlugin(bridge, () => (bridge.state === 'pairing' ? view.pair() : view.open())));
    if (!plugin || !(await acceptNative(bridge))) return;
    const { id, name, vendor, kind } = plugin;
    const module = rack.add(lane, { id, name, vendor, kind });
    module.node.whenReady().catch(() => {});
  });
  const showKeys = () => (keys.hidden = !rack.modules.some(({ instrument }) => instrument));
  rack.addEventListener('change', showKeys);
  rack.restore();
  rackView.show();

  const figures = () => {
    const { modules } = rack;
    byId('latency').textContent = `${((1000 * rack.latencySamples) / context.sampleRate + 1000 * (context.outputLatency || context.baseLatency || 0)).toFixed(1)} ms`;
    byId('underruns').textContent = String(modules.reduce((sum, { node }) => sum + node.stats.misses, 0));
    const trips = modules.map(({ node }) => node.stats.rttMs.p50).filter((ms) => ms > 0);
    byId('trip').textContent = trips.length ? `${Math.max(...trips).toFixed(1)} ms` : '–';
  };
  rack.addEventListener('latency', figures);
  setInterval(figures, 500);
  figures();

  // Sound may begin with any gesture, as browsers want it.
  for (const type of ['pointerdown', 'keydown']) addEventListener(type, () => context.resume(), { once: true, capture: true });
  addEventListener('keydown', (event) => {
    const target = event.composedPath()[0];
    if (event.key === ' ' && (target === document.body || target === byId('rack'))) {
      event.preventDefault();
      play.click();
    }
  });

  bridge.addEventListener('session', () => {
    rack.tidy().catch(() => {});
    bridge.listPlugins().catch(() => {});
  });
  for (const type of ['pluginschange', 'statechange']) bridge.addEventListener(type, () => rackView.show());
  try {
    if (key) await bridge.pair({ key });
    else await bridge.connect();
  } catch (error) {
    // A used key: the page may be paired already.
    if (key) await bridge.connect().catch(() => {});
    else toast(error instanceof Error ? error.message : String(error), 'error');
  }
  // The address of a bridge that was started anew, opened in the same tab: only the part with the key is new.
  addEventListener('hashchange', () => {
    const next = takeKey();
    if (next && bridge.state !== 'ready') bridge.pair({ key: next }).catch((error) => toast(error.message, 'error'));
  });
  Object.assign(globalThis, { sonicRack: { bridge, rack, sources, context } });
}

if ('serviceWorker' in navigator && isSecureContext) navigator.serviceWorker.register(new URL('../sw.js', import.meta.url)).catch(() => {});
start().catch((error) => toast(`The page could not start: ${error.message}`, 'error'));
