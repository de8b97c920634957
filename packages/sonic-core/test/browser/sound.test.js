// Sound through a real Chromium, compared sample by sample.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pressure, world } from '../support/browser.js';

const BUSY = 30;

for (const isolated of [true, false]) {
  describe(isolated ? 'an isolated page (shared memory)' : 'a page that is not isolated (messages)', () => {
    /** @type {Awaited<ReturnType<typeof world>>} */
    let here;
    /** @type {import('playwright-core').Page} */
    let page;
    before(async () => {
      here = await world({ isolated });
      page = await here.open();
      await page.waitForFunction('globalThis.loaded');
      assert.equal(await page.evaluate('crossOriginIsolated'), isolated);
      assert.equal(await page.evaluate(`connect(${JSON.stringify(here.bridge.pageKey)})`), 'ready');
    });
    after(async () => {
      await here?.close();
      assert.deepEqual(here?.complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED')), []);
    });

    /** Runs text in the page. @param {string} body @returns {Promise<any>} */
    const run = (body) => page.evaluate(`(async () => { ${body} })()`);

    test('every sample of two seconds is the input, a known number of samples later', async () => {
      const busy = pressure() ?? 0;
      const got = await run(`
        const context = await realtime();
        const node = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:gain', fade: 0, latency: ${isolated ? 12 : 32} });
        const rig = wire(context, [node]);
        await sleep(300);
        rig.check(node.latencySamples, 128 * 40);
        await sleep(2200);
        const report = await rig.report();
        const stats = await node.measure();
        await context.close();
        node.destroy();
        return { report, stats };
      `);
      assert.equal(got.report.bad, 0, JSON.stringify(got));
      assert.ok(got.report.ok > 100000, JSON.stringify(got));
      if (busy < BUSY) assert.ok(got.report.zero < 20000, JSON.stringify(got));
      assert.ok(got.stats.results > 500);
      assert.ok(got.stats.rttMs.p50 > 0);
    });

    test('the latency of a plugin is part of the node’s latency', async () => {
      const got = await run(`
        const context = await realtime();
        const node = await lib.NativePluginNode.create(context, { bridge, plugins: ['vst3:gain', 'vst3:late'], fade: 0, latency: 30 });
        const rig = wire(context, [node]);
        await sleep(200);
        rig.check(node.latencySamples, 128 * 60);
        await sleep(900);
        const report = await rig.report();
        const latency = node.latencySamples;
        node.bypass = true;
        await sleep(50);
        rig.check(node.latencySamples, 128);
        await sleep(300);
        const dry = await rig.report();
        await context.close();
        node.destroy();
        return { report, latency, dry };
      `);
      assert.equal(got.latency, 30 * 128 + 100);
      assert.equal(got.report.bad, 0, JSON.stringify(got));
      assert.ok(got.report.ok > 20000, JSON.stringify(got));
      assert.equal(got.dry.bad + got.dry.zero, 0, 'bypass keeps the latency: ' + JSON.stringify(got));
      assert.ok(got.dry.ok > 10000);
    });

    test('before its plugin is loaded a node passes its input with the same latency', async () => {
      const got = await run(`
        const context = await realtime();
        await lib.NativePluginNode.register(context);
        const closed = new lib.ConnectionManager({ url: location.origin });
        const node = new lib.NativePluginNode(context, { bridge: closed, plugin: 'vst3:gain', fade: 0, latency: 8 });
        const rig = wire(context, [node]);
        await sleep(200);
        rig.check(node.latencySamples, 0);
        await sleep(300);
        const report = await rig.report();
        await context.close();
        closed.dispose();
        return report;
      `);
      assert.equal(got.bad + got.zero, 0, JSON.stringify(got));
      assert.ok(got.ok > 10000);
    });

    test('a stall of the bridge is a gap, and then everything is exact again at the same latency', async () => {
      await run(`
        const context = await realtime();
        globalThis.node = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:gain', fade: 0, latency: 24 });
        globalThis.rig = wire(context, [node]);
        await sleep(300);
        rig.check(node.latencySamples, 128 * 30);
        await sleep(200);
      `);
      here.bridge.stalled = true;
      await new Promise((resolve) => setTimeout(resolve, 500));
      here.bridge.resume();
      const got = await run(`
        await sleep(400);
        const during = await rig.report();
        rig.check(node.latencySamples, 0);
        await sleep(400);
        const afterwards = await rig.report();
        const misses = node.stats.misses;
        await context.close();
        node.destroy();
        return { during, afterwards, misses };
      `);
      assert.equal(got.during.bad, 0, JSON.stringify(got));
      assert.ok(got.during.zero > 10000, 'the stall was heard as silence');
      assert.ok(got.misses > 50);
      assert.equal(got.afterwards.bad, 0, JSON.stringify(got));
      assert.ok(got.afterwards.ok > 15000, JSON.stringify(got));
    });

    test('suspend and resume of the context lose nothing but the time between', async () => {
      const got = await run(`
        const context = await realtime();
        const node = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:late', fade: 0, latency: 24 });
        const rig = wire(context, [node]);
        await sleep(200);
        await context.suspend();
        await sleep(200);
        await context.resume();
        await sleep(200);
        rig.check(node.latencySamples, 0);
        await sleep(400);
        const report = await rig.report();
        await context.close();
        node.destroy();
        return report;
      `);
      assert.equal(got.bad, 0, JSON.stringify(got));
      assert.ok(got.ok > 15000, JSON.stringify(got));
    });

    test('a lost connection passes the input on, and the plugin is back with its values', async () => {
      await run(`
        const context = await realtime();
        globalThis.node = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:gain', fade: 0, latency: 24 });
        globalThis.rig = wire(context, [node]);
        node.setParam('Gain', 0.5);
        await node.getState();
        globalThis.lost = new Promise((resolve) => node.addEventListener('waiting', resolve, { once: true }));
        globalThis.back = lost.then(() => node.whenReady());
      `);
      await here.bridge.stop();
      await run('await lost; rig.check(node.latencySamples, 128 * 4); await sleep(250); globalThis.dry = await rig.report();');
      await here.bridge.listen(here.bridge.port);
      const got = await run(`
        await back;
        rig.check(node.latencySamples, 128 * 40, 0.5);
        await sleep(500);
        const report = await rig.report();
        await context.close();
        node.destroy();
        return { dry, report, value: node.params.get('Gain').value };
      `);
      assert.equal(got.dry.bad, 0, JSON.stringify(got));
      assert.ok(got.dry.ok > 10000, JSON.stringify(got));
      assert.equal(got.value, 0.5);
      assert.equal(got.report.bad, 0, JSON.stringify(got));
      assert.ok(got.report.ok > 10000, JSON.stringify(got));
    });

    test('an offline context waits for every result: nothing is wrong and nothing is missing', async () => {
      const got = await run(`
        const context = new OfflineAudioContext({ numberOfChannels: 2, length: 48000 * 4, sampleRate: 48000 });
        await context.audioWorklet.addModule('./checker.js');
        await lib.NativePluginNode.register(context);
        // Synchronous on purpose: the context itself waits for the plugin.
        const node = new lib.NativePluginNode(context, { bridge, plugins: ['vst3:gain', 'vst3:late'], fade: 0 });
        const rig = wireOffline(context, [node], 32 * 128 + 100);
        const begun = performance.now();
        await lib.renderOffline(context, [node]);
        const speed = 4000 / (performance.now() - begun);
        const report = await rig.report();
        const latency = node.latencySamples;
        node.destroy();
        return { report, latency, speed };
      `);
      assert.equal(got.latency, 32 * 128 + 100);
      assert.equal(got.report.bad + got.report.zero, 0, JSON.stringify(got));
      assert.equal(got.report.ok, 2 * 48000 * 4);
    });

    test('processBuffer gives back the whole sound, latency cut away, and rejects dry answers', async () => {
      const got = await run(`
        const buffer = new AudioBuffer({ numberOfChannels: 2, length: 50001, sampleRate: 44100 });
        for (let channel = 0; channel < 2; channel++) {
          const data = buffer.getChannelData(channel);
          for (let index = 0; index < data.length; index++) data[index] = Math.fround(Math.sin(index * (channel + 1) / 50));
        }
        const result = await lib.processBuffer(buffer, { bridge, plugins: ['vst3:gain', 'vst3:late'] });
        let wrong = 0;
        for (let channel = 0; channel < 2; channel++) {
          const [a, b] = [buffer.getChannelData(channel), result.getChannelData(channel)];
          for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) wrong++;
        }
        return { wrong, length: result.length, rate: result.sampleRate };
      `);
      assert.deepEqual(got, { wrong: 0, length: 50001, rate: 44100 });
      here.bridge.dry = 1;
      await assert.rejects(run(`await lib.processBuffer(new AudioBuffer({ length: 9000, sampleRate: 44100 }), { bridge, plugin: 'vst3:gain' })`), /not be complete/);
      assert.equal(here.bridge.instances.length, 0, 'no instance is left behind');
    });

    test('notes and scheduled values happen at their sample', async () => {
      const got = await run(`
        const context = new OfflineAudioContext({ numberOfChannels: 2, length: 9600, sampleRate: 48000 });
        await lib.NativePluginNode.register(context);
        const organ = new lib.NativePluginNode(context, { bridge, plugin: 'vst3:organ', fade: 0 });
        organ.connect(context.destination);
        await organ.whenReady();
        organ.noteOn(60, 0.5, { time: 1000 / 48000 });
        organ.noteOff(60, 0, { time: 3001 / 48000 });
        organ.params.get('Volume').setValueAtTime(0.5, 2003 / 48000);
        const sound = (await lib.renderOffline(context, [organ])).getChannelData(0);
        const changes = [];
        for (let index = 1; index < sound.length; index++) if (sound[index] !== sound[index - 1]) changes.push([index - organ.latencySamples, sound[index]]);
        organ.destroy();
        return changes;
      `);
      assert.deepEqual(got, [[1000, 0.5], [2003, 0.25], [3001, 0]]);
    });
  });
}
