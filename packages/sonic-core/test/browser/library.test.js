// What else the library promises to pages.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { world } from '../support/browser.js';

describe('a page with the library', () => {
  /** @type {Awaited<ReturnType<typeof world>>} */
  let here;
  /** @type {import('playwright-core').Page} */
  let page;
  /** @param {string} body @returns {Promise<any>} */
  const run = (body) => page.evaluate(`(async () => { ${body} })()`);
  before(async () => {
    here = await world();
    page = await here.open();
    await page.waitForFunction('globalThis.loaded');
    assert.equal(await run(`return connect(${JSON.stringify(here.bridge.pageKey)})`), 'ready');
  });
  after(async () => {
    await here?.close();
    assert.deepEqual(here?.complaints, []);
  });

  test('sixteen nodes share their messages', async () => {
    await run(`
      globalThis.context = await realtime({ latencyHint: 'interactive' });
      globalThis.nodes = await Promise.all(Array.from({ length: 16 }, () => lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:gain', fade: 0, latency: 32 })));
      globalThis.rigs = nodes.map((node) => wire(context, [node]));
      await sleep(500);
      rigs.forEach((rig, index) => rig.check(nodes[index].latencySamples, 0));
    `);
    const { messages, frames } = here.bridge;
    const got = await run(`
      await sleep(2000);
      const reports = await Promise.all(rigs.map((rig) => rig.report()));
      await context.close();
      nodes.forEach((node) => node.destroy());
      return reports;
    `);
    const perSecond = (here.bridge.messages - messages) / 2;
    assert.ok((here.bridge.frames - frames) / 2 > 4000);
    assert.ok(perSecond <= 450, `${perSecond} messages a second for 6000 frames`);
    for (const { bad, ok } of got) {
      assert.equal(bad, 0);
      assert.ok(ok > 20000);
    }
  });

  test('a destroyed node leaves nothing at the bridge, and rejects who waits for it', async () => {
    const got = await run(`
      const context = await realtime();
      const node = new lib.NativePluginNode(context, { bridge, plugin: 'vst3:gain' });
      const waiting = node.whenReady().then(() => 'ready', (error) => error.kind);
      node.destroy();
      const result = await waiting;
      await context.close();
      await sleep(100);
      return result;
    `);
    assert.equal(got, 'DESTROYED');
    assert.equal(here.bridge.instances.length, 0);
  });

  test('a plugin that does not exist fails with the bridge’s own error, and the input passes', async () => {
    const got = await run(`
      const context = await realtime();
      const error = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:none' }).catch((error) => [error.name, error.kind]);
      await context.close();
      return error;
    `);
    assert.deepEqual(got, ['BridgeError', 'PLUGIN_NOT_FOUND']);
  });

  test('setParam takes values before the plugin is loaded, ignores what is no parameter, and sends nothing twice', async () => {
    const before = here.bridge.called('SET_PARAM');
    const got = await run(`
      const context = await realtime();
      const node = new lib.NativePluginNode(context, { bridge, plugin: 'vst3:gain' });
      node.setParam('Gain', 1.5);
      node.setParam('pluginUid', 'vst3:gain');
      node.setParam('state', { a: 1 });
      await node.whenReady();
      const early = node.params.get('Gain').value;
      for (let turn = 0; turn < 50; turn++) node.setParam('Gain', 1.5);
      node.setParam('Mode', 'Warm');
      node.setParam('Polarity', true);
      await node.settled();
      const r = { early, mode: node.params.get('Mode').text, polarity: node.params.get('Polarity').text, level: node.setParam('Level', 0.5) };
      await context.close();
      node.destroy();
      return r;
    `);
    assert.deepEqual(got, { early: 1.5, mode: 'Warm', polarity: 'Inverted', level: false });
    assert.ok(here.bridge.called('SET_PARAM') - before <= 2);
  });

  test('a change of latency is told, and parallel paths stay together to the sample', async () => {
    const got = await run(`
      const context = await realtime();
      await lib.NativePluginNode.register(context);
      const late = await lib.NativePluginNode.create(context, { bridge, plugins: ['vst3:gain', 'vst3:late'], fade: 0, latency: 24 });
      const generator = new AudioWorkletNode(context, 'generator', { numberOfInputs: 0, outputChannelCount: [2] });
      const dry = new GainNode(context), minus = new GainNode(context, { gain: -1 }), sum = new GainNode(context);
      generator.connect(dry);
      generator.connect(late).connect(minus);
      const together = lib.compensate(context, [{ output: dry }, { output: minus, nodes: [late] }], sum);
      const analyser = new AnalyserNode(context, { fftSize: 4096 });
      sum.connect(analyser).connect(context.destination);
      await sleep(500);
      const loudest = () => { const samples = new Float32Array(4096); analyser.getFloatTimeDomainData(samples); return Math.max(...samples.map(Math.abs)); };
      const before = loudest();
      let told = 0;
      late.addEventListener('latencychange', (event) => (told = event.detail.latencySamples));
      late.latency = 40;
      await sleep(700);
      const r = { before, told, after: loudest(), sum: together.latencySamples };
      together.dispose();
      await context.close();
      late.destroy();
      return r;
    `);
    assert.deepEqual(got, { before: 0, told: 40 * 128 + 100, after: 0, sum: 40 * 128 + 100 });
  });

  test('an AudioParam drives a parameter', async () => {
    const got = await run(`
      const context = new OfflineAudioContext({ numberOfChannels: 2, length: 12800, sampleRate: 48000 });
      await lib.NativePluginNode.register(context);
      const node = new lib.NativePluginNode(context, { bridge, plugin: 'vst3:gain', fade: 0 });
      const one = new ConstantSourceNode(context);
      one.connect(node).connect(context.destination);
      one.start();
      await node.whenReady();
      node.bindAudioParam(3, 'Gain').setValueAtTime(0.25, 4000 / 48000);
      const sound = (await lib.renderOffline(context, [node])).getChannelData(0);
      node.destroy();
      return [sound[node.latencySamples + 1000], sound[node.latencySamples + 6000]];
    `);
    assert.deepEqual(got, [1, 0.5]);
  });

  test('a node that Web Audio cannot run offline says which headers are missing', async () => {
    const got = await run(`
      const context = new OfflineAudioContext(2, 128, 48000);
      await lib.NativePluginNode.register(context);
      const transport = { bell: null, signal: false, pipe() {}, onStats() {} };
      Object.defineProperty(context, 'suspend', { value: undefined });
      try {
        new lib.NativePluginNode(context, { bridge: { transport, members: new Set() }, plugin: 'x' });
      } catch (error) {
        return error.message;
      }
    `);
    assert.match(got, /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy/);
  });

  test('a reload of the page resumes the session and finds its instance', async () => {
    await run(`
      globalThis.context = await realtime();
      globalThis.node = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:gain' });
      node.setParam('Gain', 0.5);
      await node.settled();
    `);
    const instance = await run('return node.instance');
    const loads = here.bridge.called('LOAD_PLUGIN');
    await page.reload();
    await page.waitForFunction('globalThis.loaded');
    const got = await run(`
      await connect('');
      const context = await realtime();
      const node = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:gain', instance: ${instance} });
      const r = { state: bridge.state, instance: node.instance, gain: node.params.get('Gain').value };
      await context.close();
      node.destroy();
      return r;
    `);
    assert.deepEqual(got, { state: 'ready', instance, gain: 0.5 });
    assert.equal(here.bridge.called('LOAD_PLUGIN'), loads);
  });

  test('the key is kept where no script can read it', async () => {
    const got = await run(`
      const { key } = await bridge.store.getKey(bridge.url);
      const read = await crypto.subtle.exportKey('raw', key).catch((error) => error.name);
      return [key.extractable, read, JSON.stringify(localStorage), JSON.stringify(sessionStorage).includes('token')];
    `);
    assert.deepEqual(got, [false, 'InvalidAccessError', '{}', false]);
  });

  test('the panel is a tree that a screen reader can use, and a knob answers to keys', async () => {
    await run(`
      globalThis.ui = await import('../sonic-core/ui/index.js');
      globalThis.context = await realtime();
      globalThis.node = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:gain' });
      const panel = document.createElement('native-plugin-panel');
      document.body.replaceChildren(panel);
      panel.node = node;
      await sleep(100);
    `);
    const tree = await page.locator('native-plugin-panel').ariaSnapshot();
    assert.match(tree, /slider "Gain"/);
    assert.match(tree, /switch "Polarity"/);
    assert.match(tree, /combobox "Mode"/);
    assert.match(tree, /meter "Level"/);
    assert.match(tree, /combobox "Preset"/);
    const knob = page.getByRole('slider', { name: 'Gain' });
    const aria = async () => knob.evaluate((/** @type {Element} */ element) => ['aria-valuenow', 'aria-valuemin', 'aria-valuemax', 'aria-valuetext'].map((name) => element.getAttribute(name)));
    assert.deepEqual(await aria(), ['1', '0', '2', '1.00 x']);
    const edits = here.bridge.called('BEGIN_EDIT');
    await knob.focus();
    const value = () => run('await node.settled(); return Math.round(node.params.get("Gain").norm * 1e4) / 1e4');
    for (const [key, wanted] of /** @type {[string, number][]} */ ([['ArrowUp', 0.51], ['Shift+ArrowRight', 0.511], ['PageUp', 0.611], ['ArrowDown', 0.601], ['End', 1], ['Home', 0], ['Delete', 0.5]])) {
      await page.keyboard.press(key);
      assert.equal(await value(), wanted, key);
    }
    await page.keyboard.press('Enter');
    await page.keyboard.type('1.50');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(50);
    assert.ok(Math.abs((await value()) - 0.75) < 0.003);
    assert.deepEqual((await aria())[3], '1.50 x');
    assert.ok(here.bridge.called('BEGIN_EDIT') > edits);
    assert.equal(here.bridge.called('BEGIN_EDIT'), here.bridge.called('END_EDIT'));
  });

  test('a drag turns the knob, Shift finely, a double click brings the default back', async () => {
    const knob = page.getByRole('slider', { name: 'Gain' });
    const box = /** @type {{ x: number, y: number, width: number, height: number }} */ (await knob.boundingBox());
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.dblclick(x, y);
    const norm = () => run('await node.settled(); return node.params.get("Gain").norm');
    assert.equal(await norm(), 0.5);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x, y - 19, { steps: 4 });
    assert.ok(Math.abs((await norm()) - 0.6) < 0.02, String(await norm()));
    await page.keyboard.down('Shift');
    await page.mouse.move(x, y - 38, { steps: 4 });
    await page.keyboard.up('Shift');
    await page.mouse.up();
    assert.ok(Math.abs((await norm()) - 0.61) < 0.02, String(await norm()));
  });

  test('what is turned elsewhere moves the knob, but never under a hand', async () => {
    const knob = page.getByRole('slider', { name: 'Gain' });
    const [session] = here.bridge.sessions.values();
    const tell = (/** @type {number} */ norm) => session.emit('PARAM_CHANGED', 'params', { instance: instance, member: 0, param: 1, norm, plain: norm * 2, text: (norm * 2).toFixed(2), by_plugin: false });
    const instance = await run('return node.instance');
    tell(0.25);
    await page.waitForTimeout(100);
    assert.equal(await knob.getAttribute('aria-valuenow'), '0.5');
    await run('node.params.get("Gain").beginEdit()');
    tell(0.9);
    await page.waitForTimeout(100);
    assert.equal(await run('return node.params.get("Gain").norm'), 0.25);
    await run('node.params.get("Gain").endEdit(); node.destroy(); await context.close();');
  });

  test('many parameters: groups that open, and a search', async () => {
    await run(`
      globalThis.context = await realtime();
      globalThis.node = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:many' });
      const panel = document.createElement('native-plugin-panel');
      document.body.replaceChildren(panel);
      panel.node = node;
      await sleep(100);
    `);
    assert.equal(await page.locator('native-plugin-panel native-knob').count(), 1, 'only the first group is built');
    await page.locator('summary', { hasText: 'Band 3' }).click();
    await page.locator('native-knob').nth(6).waitFor();
    assert.equal(await page.locator('native-plugin-panel native-knob').count(), 7);
    await page.getByRole('searchbox', { name: 'Search parameters' }).fill('band 7 fr');
    assert.equal(await page.locator('native-plugin-panel native-knob').count(), 1);
    await run('node.destroy(); await context.close();');
  });
});

test('the entry for Sonic-Core fits into a rack that is made synchronously and never disposes by itself', async () => {
  const here = await world({ policy: false });
  const page = await here.open();
  await page.waitForFunction('globalThis.loaded');
  /** @param {string} body @returns {Promise<any>} */
  const run = (body) => page.evaluate(`(async () => { ${body} })()`);
  const got = await run(`
    await connect(${JSON.stringify(here.bridge.pageKey)});
    await import('./sac.js');
    const core = await import('../sonic-core/sonic-core.js');
    const before = core.nativeCategories(bridge);
    await bridge.listPlugins();
    const [{ label, type }] = core.nativeCategories(bridge)['Native Plugins'].filter(({ label }) => label === 'Test Gain');
    const module = core.createNativeModule(type, bridge, 'm1');
    const nodes = core.createNativeNodes({ bridge, AudioWorkletNode: sac.AudioWorkletNode, addAudioWorkletModule: sac.addAudioWorkletModule });
    const provider = core.withNativeWorklet({ getModuleUrls: () => ['a.js'] });
    const live = new sac.AudioContext();
    await live.audioWorklet.addModule(provider.getModuleUrls()[1]);
    const node = nodes.create(module, live);
    const sync = () => Object.entries(module.parameters).forEach(([key, value]) => node.setParam(key, value));
    sync();
    await node.whenReady();
    module.parameters.Gain = 0.5;
    sync();
    sync();
    await node.settled();
    // A bounce right after a turn: the offline node has it although no state was fetched since.
    const context = new sac.OfflineAudioContext({ numberOfChannels: 2, length: 4800, sampleRate: 48000 });
    await context.audioWorklet.addModule(core.NATIVE_WORKLET_URL);
    const copy = nodes.create(module, context);
    const one = new sac.ConstantSourceNode(context);
    one.connect(copy).connect(context.destination);
    one.start(0);
    const sound = (await context.startRendering()).getChannelData(0);
    const map = new Map([['m1', node], ['m2', copy]]);
    nodes.cleanup(map, []);
    await sleep(200);
    const r = { before, label, module, urls: provider.getModuleUrls().length, first: sound[0], last: sound[4799], of: nodes.nodeOf('m1'), descriptor: core.nativeDescriptor(node).params[0] };
    await live.close();
    return r;
  `);
  assert.deepEqual(got.before, {});
  assert.equal(got.label, 'Test Gain');
  assert.deepEqual(got.module, { id: 'm1', name: 'Test Gain', type: 'NATIVE_PLUGIN', bypass: false, parameters: { pluginUid: 'vst3:gain', pluginName: 'Test Gain', state: null, Gain: 0.5 } });
  assert.equal(got.urls, 2);
  assert.deepEqual([got.first, got.last], [0.5, 0.5], 'a bounce starts in time, with the value of now');
  assert.equal(got.of, null);
  assert.deepEqual(got.descriptor, { name: 'Gain', defaultValue: 1, minValue: 0, maxValue: 2 });
  assert.equal(here.bridge.instances.length, 0, 'what left the rack is unloaded');
  await here.close();
  assert.deepEqual(here.complaints, []);
});

test('a host of Web Audio Modules can insert, show, save and automate it', async () => {
  const here = await world();
  const page = await here.open();
  await page.waitForFunction('globalThis.loaded');
  const got = await page.evaluate(`(async () => {
    await connect(${JSON.stringify(here.bridge.pageKey)});
    await bridge.listPlugins();
    const { createWam } = await import('../sonic-core/wam.js');
    const Wam = createWam(bridge, 'vst3:gain');
    const context = await realtime();
    const wam = await Wam.createInstance('group', context);
    const node = wam.audioNode;
    await node.setParameterValues({ 1: { id: '1', value: 0.25, normalized: true } });
    const state = await node.getState();
    const again = await Wam.createInstance('group', context, state);
    const gui = await again.createGui();
    document.body.append(gui);
    const refused = (() => { try { node.connectEvents(); } catch (error) { return error.kind; } })();
    const r = {
      is: Wam.isWebAudioModuleConstructor, name: again.name, info: (await node.getParameterInfo('3'))['3'], values: await again.audioNode.getParameterValues(false, '1'),
      knobs: gui.shadowRoot.querySelectorAll('native-knob').length, delay: await node.getCompensationDelay() === node.latencySamples, refused,
    };
    node.destroy();
    again.audioNode.destroy();
    await context.close();
    return r;
  })()`);
  assert.deepEqual(got, {
    is: true, name: 'Test Gain', values: { 1: { id: '1', value: 0.5, normalized: false } }, knobs: 2, delay: true, refused: 'NOT_SUPPORTED',
    info: { id: '3', label: 'Mode', type: 'choice', defaultValue: 0, minValue: 0, maxValue: 2, discreteStep: 1, exponent: 0, choices: ['Clean', 'Warm', 'Hot'], units: '' },
  });
  await here.close();
  assert.deepEqual(here.complaints, []);
});

test('the node works on standardized-audio-context, live and offline', async () => {
  // That library wraps worklet files in blobs, which the bridge's own page does not allow.
  const here = await world({ policy: false });
  const page = await here.open();
  await page.waitForFunction('globalThis.loaded');
  /** @param {string} body @returns {Promise<any>} */
  const run = (body) => page.evaluate(`(async () => { ${body} })()`);
  await run(`await connect(${JSON.stringify(here.bridge.pageKey)}); await import('./sac.js');`);
  const got = await run(`
    const Node = lib.createNativePluginNode(sac.AudioWorkletNode, (context, url) => sac.addAudioWorkletModule(context, url));
    const context = new sac.OfflineAudioContext({ numberOfChannels: 2, length: 9600, sampleRate: 48000 });
    await Node.register(context);
    const node = new Node(context, { bridge, plugin: 'vst3:gain', fade: 0, latency: 0 });
    const one = new sac.ConstantSourceNode(context);
    one.connect(node).connect(context.destination);
    one.start(0);
    const sound = (await lib.renderOffline(context, [node])).getChannelData(0);
    node.destroy();
    const live = new sac.AudioContext();
    const other = await Node.create(live, { bridge, plugin: 'vst3:gain' });
    const r = { first: sound[0], last: sound[9599], latency: node.latencySamples, live: other.status, gain: other.params.get('Gain').value };
    other.destroy();
    await live.close();
    return r;
  `);
  assert.deepEqual(got, { first: 1, last: 1, latency: 0, live: 'ready', gain: 1 });
  await here.close();
  assert.deepEqual(here.complaints, []);
});
