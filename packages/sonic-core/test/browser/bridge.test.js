// The real bridge with real plugins, in a real browser.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pressure } from '../support/browser.js';
import { realWorld } from '../support/real-bridge.js';

const PICTURES = process.env.SONIC_SCREENSHOTS ?? fileURLToPath(new URL('../../../../target/screenshots/', import.meta.url));
/** Percent of the time in which something waited for a processor; above it the count of underruns says nothing. */
const BUSY = 30;

/** The first channel of a 32-bit float WAV file. @param {Buffer} file */
function channels(file) {
  let at = 12;
  while (file.toString('latin1', at, at + 4) !== 'data') at += 8 + file.readUInt32LE(at + 4) + (file.readUInt32LE(at + 4) & 1);
  const samples = file.readUInt32LE(at + 4) / 8;
  return [0, 1].map((channel) => Array.from({ length: samples }, (_, index) => file.readFloatLE(at + 8 + 8 * index + 4 * channel)));
}

/** @param {number[]} left @param {number[]} right @param {number} rate */
function floatWav(left, right, rate) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + 8 * left.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  for (const [value, at, bytes] of [[16, 16, 4], [3, 20, 2], [2, 22, 2], [rate, 24, 4], [rate * 8, 28, 4], [8, 32, 2], [32, 34, 2]]) head.writeUIntLE(value, at, bytes);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(8 * left.length, 40);
  const body = Buffer.alloc(8 * left.length);
  left.forEach((value, index) => {
    body.writeFloatLE(value, 8 * index);
    body.writeFloatLE(right[index], 8 * index + 4);
  });
  return Buffer.concat([head, body]);
}

for (const isolated of [true, false]) {
  describe(isolated ? 'an isolated page' : 'a page that is not isolated', () => {
    /** @type {Awaited<ReturnType<typeof realWorld>>} */
    let here;
    /** @type {import('playwright-core').Page} */
    let page;
    /** @param {string} body @returns {Promise<any>} */
    const run = (body) => page.evaluate(`(async () => { ${body} })()`);
    before(async () => {
      here = await realWorld({ isolated });
      page = await here.rig();
      assert.equal(await page.evaluate('crossOriginIsolated'), isolated);
    });
    after(async () => {
      await here?.close();
      assert.deepEqual(here?.complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED')), []);
    });

    test('real time: no sample is ever wrong', async () => {
      const busy = pressure() ?? 0;
      const { report, stats } = await run(`
        const context = await realtime();
        const node = await lib.NativePluginNode.create(context, { bridge, plugin: plug['Sonic Gain'], fade: 0, latency: ${isolated ? 12 : 32} });
        const rig = wire(context, [node]);
        await sleep(500);
        rig.check(node.latencySamples, 128 * 40);
        await sleep(5000);
        const report = await rig.report();
        const stats = await node.measure();
        await context.close();
        node.destroy();
        return { report, stats };
      `);
      assert.equal(report.bad, 0, JSON.stringify(report));
      assert.ok(report.ok > 250000, JSON.stringify({ report, stats }));
      if (busy < BUSY && (pressure() ?? 0) < BUSY) assert.ok(report.zero < 20000, JSON.stringify({ report, stats }));
    });

    test('offline: no sample is wrong and none is missing', async () => {
      const report = await run(`
        const context = new OfflineAudioContext({ numberOfChannels: 2, length: 48000 * 5, sampleRate: 48000 });
        await context.audioWorklet.addModule('./checker.js');
        await lib.NativePluginNode.register(context);
        const node = new lib.NativePluginNode(context, { bridge, plugin: plug['Sonic Gain'] });
        const rig = wireOffline(context, [node], 32 * 128);
        await lib.renderOffline(context, [node]);
        node.destroy();
        return rig.report();
      `);
      assert.deepEqual([report.ok, report.bad, report.zero], [2 * 48000 * 5, 0, 0]);
    });

    test('a bridge that stands still for half a second is a gap, then everything is exact again', async () => {
      await run(`
        globalThis.context = await realtime();
        globalThis.node = await lib.NativePluginNode.create(context, { bridge, plugin: plug['Sonic Gain'], fade: 0, latency: 32 });
        globalThis.rig = wire(context, [node]);
        await sleep(500);
        rig.check(node.latencySamples, 0);
        await sleep(300);
      `);
      here.bridge.signal('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 500));
      here.bridge.signal('SIGCONT');
      const { during, afterwards } = await run(`
        await sleep(600);
        const during = await rig.report();
        rig.check(node.latencySamples, 0);
        await sleep(600);
        const afterwards = await rig.report();
        await context.close();
        node.destroy();
        return { during, afterwards };
      `);
      assert.ok(during.zero > 10000, JSON.stringify(during));
      assert.equal(during.bad, 0, JSON.stringify(during));
      assert.equal(afterwards.bad, 0, JSON.stringify(afterwards));
      assert.ok(afterwards.ok > 20000, JSON.stringify(afterwards));
    });

    test('a bridge that is killed and started again plays on with the settings it had', async () => {
      const settings = await run(`
        globalThis.context = await realtime();
        globalThis.node = await lib.NativePluginNode.create(context, { bridge, plugin: plug['Sonic Gain'], latency: 32 });
        node.connect(context.destination);
        node.setParam('Gain', -12);
        await node.getState();
        globalThis.gone = new Promise((resolve) => node.addEventListener('waiting', resolve, { once: true }));
        return node.params.get('Gain').value;
      `);
      await here.bridge.stop('SIGKILL');
      await run('await gone; globalThis.back = node.whenReady();');
      assert.equal(await page.evaluate('bridge.state'), 'reconnecting');
      await here.bridge.start();
      const again = await run(`
        await back;
        const r = node.params.get('Gain').value;
        await context.close();
        node.destroy();
        return r;
      `);
      assert.equal(again, settings);
      assert.equal(settings, -12);
    });
  });
}

describe('sound and control', () => {
  /** @type {Awaited<ReturnType<typeof realWorld>>} */
  let here;
  /** @type {import('playwright-core').Page} */
  let page;
  /** @param {string} body @returns {Promise<any>} */
  const run = (body) => page.evaluate(`(async () => { ${body} })()`);
  before(async () => {
    here = await realWorld();
    page = await here.rig();
  });
  after(async () => {
    await here?.close();
    assert.deepEqual(here?.complaints, []);
  });

  test('a buffer comes back as "sonic-bridge render" makes it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-render-'));
    const rate = 48000;
    const left = Array.from({ length: 30000 }, (_, index) => Math.fround(Math.sin(index / 17) * 0.4 * Math.exp(-index / 9000)));
    const right = left.map((value, index) => Math.fround(index % 400 < 3 ? 0.8 : value * 0.5));
    writeFileSync(join(folder, 'in.wav'), floatWav(left, right, rate));
    for (const plugin of ['Sonic Gain', 'Sonic EQ', 'Sonic Reverb', 'Sonic Delay']) {
      execFileSync(here.bridge.program, ['render', '--no-standard-folders', '--plugin-path', here.bridge.plugins, '--plugin', plugin, '--tail', '1', '--block', '4096', '--force', '-o', join(folder, 'out.wav'), join(folder, 'in.wav')], { env: here.bridge.variables, stdio: 'ignore' });
      const wanted = channels(readFileSync(join(folder, 'out.wav')));
      const got = await page.evaluate(`(async ([left, right, plugin]) => {
        const buffer = new AudioBuffer({ numberOfChannels: 2, length: left.length, sampleRate: ${rate} });
        buffer.copyToChannel(new Float32Array(left), 0);
        buffer.copyToChannel(new Float32Array(right), 1);
        const { channels } = await lib.processChannels(buffer, { bridge, plugin: plug[plugin], tail: 1 });
        return channels.map((channel) => [...channel]);
      })(${JSON.stringify([left, right, plugin])})`).then((all) => /** @type {number[][]} */ (all));
      const length = Math.min(wanted[0].length, got[0].length);
      assert.ok(length >= 30000 + 40000, `${plugin}: ${length}`);
      let worst = 0;
      for (let channel = 0; channel < 2; channel++) for (let index = 0; index < length; index++) worst = Math.max(worst, Math.abs(wanted[channel][index] - got[channel][index]));
      assert.ok(worst <= 1e-6, `${plugin} differs by ${worst}`);
    }
    rmSync(folder, { recursive: true });
  });

  test('values are heard at their sample, notes too', async () => {
    const got = await run(`
      const context = new OfflineAudioContext({ numberOfChannels: 2, length: 19200, sampleRate: 48000 });
      await lib.NativePluginNode.register(context);
      const gain = new lib.NativePluginNode(context, { bridge, plugin: plug['Sonic Gain'] });
      const synth = new lib.NativePluginNode(context, { bridge, plugin: plug['Sonic Synth'] });
      const merge = new ChannelMergerNode(context, { numberOfInputs: 2 });
      const one = new ConstantSourceNode(context);
      one.connect(gain).connect(merge, 0, 0);
      synth.connect(merge, 0, 1);
      merge.connect(context.destination);
      one.start();
      await gain.whenReady();
      gain.setParam('Smoothing', 0);
      await gain.settled();
      gain.params.get('Gain').setValueAtTime(-6, 4001 / 48000);
      synth.noteOn(69, 0.9, { time: 6000 / 48000 });
      const sound = await lib.renderOffline(context, [gain, synth]);
      const [a, b] = [0, 1].map((channel) => sound.getChannelData(channel).subarray(gain.latencySamples));
      const first = b.findIndex((value) => value !== 0);
      gain.destroy();
      synth.destroy();
      return { before: a[4000], after: a[4001], first };
    `);
    assert.equal(got.before, 1);
    assert.ok(Math.abs(20 * Math.log10(got.after) + 6) < 1e-4, JSON.stringify(got));
    assert.ok(got.first >= 6000 && got.first < 6010, JSON.stringify(got));
  });

  test('sixteen plugins at once', async () => {
    const { reports } = await run(`
      const context = await realtime({ latencyHint: 'interactive' });
      const nodes = await Promise.all(Array.from({ length: 16 }, () => lib.NativePluginNode.create(context, { bridge, plugin: plug['Sonic Gain'], fade: 0, latency: 48 })));
      const rigs = nodes.map((node) => wire(context, [node]));
      await sleep(800);
      rigs.forEach((rig, index) => rig.check(nodes[index].latencySamples, 0));
      await sleep(3000);
      const reports = await Promise.all(rigs.map((rig) => rig.report()));
      await context.close();
      nodes.forEach((node) => node.destroy());
      return { reports };
    `);
    for (const { bad, ok } of reports) {
      assert.equal(bad, 0);
      assert.ok(ok > 50000);
    }
    assert.equal(await run(`await sleep(300); return (await bridge.call('LIST_INSTANCES')).instances.length`), 0, 'nothing is left loaded');
  });

  test('what one hand turns, another page of the same session sees; presets and programs work', async () => {
    const got = await run(`
      const context = await realtime();
      const node = await lib.NativePluginNode.create(context, { bridge, plugin: plug['Sonic Synth'] });
      const [list] = await node.listPrograms();
      const before = JSON.stringify(node.paramList.map(({ norm }) => norm));
      await node.setProgram(list.id, 3);
      const changed = JSON.stringify(node.paramList.map(({ norm }) => norm)) !== before;
      const state = await node.getState();
      await node.setProgram(list.id, 0);
      await node.setState(state);
      const restored = JSON.stringify(node.paramList.map(({ norm }) => norm)) !== before;
      await node.savePreset('From the test', 0, { overwrite: true });
      const presets = (await node.listPresets()).map(({ name }) => name);
      await context.close();
      node.destroy();
      return { programs: list.programs.length, changed, restored, presets };
    `);
    assert.ok(got.programs >= 8 && got.changed && got.restored, JSON.stringify(got));
    assert.ok(got.presets.includes('From the test'));
  });
});

test('the page that the bridge serves: paired by its address, it plays, is turned, is reloaded, and looks well', async () => {
  mkdirSync(PICTURES, { recursive: true });
  const here = await realWorld();
  const page = await here.open(here.address);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('#bridge[data-state=ready]').waitFor();
  assert.equal(await page.evaluate('location.hash'), '');
  assert.equal(await page.evaluate('crossOriginIsolated'), true);
  const add = async (/** @type {number} */ lane, /** @type {string} */ name, first = false) => {
    await page.locator('.lane').nth(lane).getByRole('button', { name: 'Add Module' }).click();
    await page.locator('.menu-item', { hasText: name }).click();
    if (first) await page.getByRole('button', { name: 'I understand, load plugins' }).click();
    await page.locator('.module[data-status=ready]', { hasText: name }).waitFor();
  };
  await add(0, 'Sonic Gain', true);
  await page.getByRole('button', { name: 'Play' }).click();
  const level = () => page.evaluate(`Number(document.querySelector('.bars .meter').getAttribute('aria-valuenow'))`);
  const loud = async (/** @type {(db: number) => boolean} */ good) => {
    for (let turn = 0; turn < 60; turn++) {
      if (good(/** @type {number} */ (await level()))) return;
      await page.waitForTimeout(100);
    }
    assert.fail(`the meter shows ${await level()} dB`);
  };
  await loud((db) => db > -40);
  const knob = /** @type {{ x: number, y: number, width: number, height: number }} */ (await page.getByRole('slider', { name: 'Gain' }).boundingBox());
  await page.mouse.move(knob.x + knob.width / 2, knob.y + knob.height / 2);
  await page.mouse.down();
  await page.mouse.move(knob.x + knob.width / 2, knob.y + 400, { steps: 12 });
  await page.mouse.up();
  await loud((db) => db <= -59);
  await page.getByRole('slider', { name: 'Gain' }).dblclick();
  await loud((db) => db > -40);
  await page.getByRole('button', { name: 'Remove Sonic Gain' }).click();
  await add(0, 'Sonic EQ');
  await add(0, 'Sonic Delay');
  await add(0, 'Sonic Reverb');
  await page.getByRole('button', { name: '+ Add a parallel lane' }).click();
  await add(1, 'Sonic Synth');
  await page.locator('#rack').focus();
  for (const key of ['a', 'd', 'g']) await page.keyboard.down(key);
  await page.waitForTimeout(1500);
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: `${PICTURES}/page.png` });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.waitForTimeout(200);
  await page.screenshot({ path: `${PICTURES}/page-light.png` });
  for (const key of ['a', 'd', 'g']) await page.keyboard.up(key);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(200);
  await page.screenshot({ path: `${PICTURES}/page-phone.png` });
  const before = await page.evaluate(`sonicRack.bridge.call('LIST_INSTANCES').then(({ instances }) => instances.map(({ instance }) => instance))`);
  await page.reload();
  await page.locator('.module[data-status=ready]').nth(3).waitFor();
  await page.waitForTimeout(300);
  assert.deepEqual(await page.evaluate(`sonicRack.bridge.call('LIST_INSTANCES').then(({ instances }) => instances.map(({ instance }) => instance))`), before, 'the same instances, and none besides');
  await here.close();
  assert.deepEqual(here.complaints, []);
});
