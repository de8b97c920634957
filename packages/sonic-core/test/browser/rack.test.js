// The real bridge, real plugins and a real Chromium: the whole way of the sound.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { browserContext } from '../support/browser.js';
import { RealBridge, samplesOf, site, sleep, told, wav } from '../support/running-bridge.js';

const WAIT_MS = 60000;
const FOLDERS = () => ['SONIC_DEMO_PLUGINS', 'SONIC_REAL_PLUGINS'].map(told);
/** What a page may say when its bridge was killed. */
const GONE = /ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|WebSocket connection to/;

/** @param {import('playwright-core').BrowserContext} context @param {string} url @param {string[]} complaints */
async function open(context, url, complaints) {
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  await page.goto(url);
  return page;
}

/** Asks the page until it agrees; its policy forbids the evaluation that `waitForFunction` needs. @param {import('playwright-core').Page} page @param {string} question */
async function until(page, question) {
  for (const begun = Date.now(); !(await page.evaluate(question)); await sleep(50)) {
    assert.ok(Date.now() - begun < WAIT_MS, `still not: ${question}`);
  }
}

describe('the page that the bridge serves', { timeout: 180000 }, () => {
  /** @type {RealBridge} */
  let bridge;
  /** @type {Awaited<ReturnType<typeof browserContext>>} */
  let browser;
  /** @type {import('playwright-core').Page} */
  let page;
  /** @type {string[]} */
  const complaints = [];
  let pictures = '';
  before(async () => {
    pictures = told('SONIC_SCREENSHOTS');
    mkdirSync(pictures, { recursive: true });
    bridge = await new RealBridge({ folders: FOLDERS() }).start();
    browser = await browserContext();
    page = await open(browser.context, bridge.address, complaints);
  });
  after(async () => {
    await browser?.close();
    await bridge?.remove();
    assert.deepEqual(complaints.filter((text) => !GONE.test(text)), []);
  });

  /** @param {string} body @returns {Promise<any>} */
  const run = (body) => page.evaluate(`(async () => { ${body} })()`);
  const reverb = () => page.locator('.module', { hasText: 'Sonic Reverb' });
  const ready = () => page.locator('.module[data-status=ready]', { hasText: 'Sonic Reverb' }).waitFor();
  const mix = () => reverb().getByRole('slider', { name: 'Mix' });

  test('the printed address connects it, and it is isolated', async () => {
    await page.locator('#bridge[data-state=ready]').waitFor();
    assert.equal(await page.evaluate('crossOriginIsolated'), true);
    assert.equal(await page.evaluate('location.hash'), '');
    assert.equal(await run('return sonicRack.bridge.transport.bell !== null'), true, 'sound goes through shared memory');
  });

  test('Sonic Reverb comes from the Add Module menu, behind one warning', async () => {
    await page.getByRole('button', { name: 'Add Module' }).click();
    assert.match(await page.locator('.menu').innerText(), /Native Plugins[\s\S]*Sonic Synth[\s\S]*Dragonfly Hall[\s\S]*Sonic Reverb/i);
    await page.locator('.menu-item', { hasText: 'Sonic Reverb' }).click();
    await page.getByRole('button', { name: 'I understand, load plugins' }).click();
    await ready();
    await page.getByRole('button', { name: 'Add Module' }).click();
    await page.locator('.menu-item', { hasText: 'Sonic EQ' }).click();
    await page.locator('.module[data-status=ready]', { hasText: 'Sonic EQ' }).waitFor();
    assert.equal(await page.locator('dialog').count(), 0, 'accepted once');
  });

  test('the loop plays through it, and a knob under the hand changes what is heard', async () => {
    await run(`
      globalThis.ear = new AnalyserNode(sonicRack.context, { fftSize: 8192 });
      sonicRack.rack.mixer.connect(ear);
      globalThis.loudest = () => {
        const samples = new Float32Array(8192);
        ear.getFloatTimeDomainData(samples);
        return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      };
    `);
    const loud = () => until(page, 'loudest() > 0.05');
    /** What still rings 0.6 s after the loop ended: the reverb alone. */
    const ringing = async () => {
      await page.getByRole('button', { name: 'Play', exact: true }).click();
      await loud();
      await sleep(1200);
      await page.getByRole('button', { name: 'Stop', exact: true }).click();
      await sleep(600);
      return /** @type {Promise<number>} */ (page.evaluate('loudest()'));
    };
    /** @param {number} by pixels, upwards */
    const drag = async (by) => {
      await mix().scrollIntoViewIfNeeded();
      const box = /** @type {{ x: number, y: number, width: number, height: number }} */ (await mix().boundingBox());
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2 - by, { steps: 8 });
      await page.mouse.up();
    };
    await drag(-260);
    assert.equal(await run(`return sonicRack.rack.modules[0].node.params.get('Mix').norm`), 0);
    const dry = await ringing();
    await drag(260);
    assert.equal(await run(`return sonicRack.rack.modules[0].node.params.get('Mix').norm`), 1);
    const wet = await ringing();
    assert.ok(dry < 1e-3 && wet > 5 * dry && wet > 2e-3, `dry ${dry}, wet ${wet}`);
  });

  test('pictures of it, playing', async () => {
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await until(page, 'loudest() > 0.05');
    await page.mouse.move(0, 0);
    for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate('document.activeElement?.blur(); scrollTo(0, 0)');
      await sleep(300);
      await page.screenshot({ path: join(pictures, `bridge-${colorScheme}.png`) });
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await sleep(300);
    await page.screenshot({ path: join(pictures, 'bridge-phone.png'), fullPage: true });
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
  });

  const instances = () => run(`
    const held = sonicRack.rack.modules.map(({ node }) => node.instance);
    const { instances } = await sonicRack.bridge.call('LIST_INSTANCES');
    return { held, there: instances.map(({ instance }) => instance).sort() };
  `);

  test('a reload resumes the session: the same instances, the same settings', async () => {
    await mix().focus();
    await page.keyboard.press('PageDown');
    const value = await mix().getAttribute('aria-valuenow');
    await sleep(1500);
    const [was, session] = [await instances(), await run('return sonicRack.bridge.sessionId')];
    await page.reload();
    await ready();
    await page.locator('.module[data-status=ready]', { hasText: 'Sonic EQ' }).waitFor();
    await until(page, 'Boolean(globalThis.sonicRack)');
    assert.deepEqual(await instances(), was);
    assert.deepEqual([...was.held].sort(), was.there);
    assert.equal(await run('return sonicRack.bridge.sessionId'), session);
    assert.equal(await mix().getAttribute('aria-valuenow'), value);
  });

  test('a bridge that was killed is said to be gone; the address of the next one brings the rack back', async () => {
    const value = await mix().getAttribute('aria-valuenow');
    await bridge.kill();
    await page.locator('#bridge[data-state=reconnecting]').waitFor();
    await bridge.start();
    // The bridge's own page is let in by the printed key, anew each time the bridge starts. In the same tab only the hash changes.
    await page.locator('#bridge[data-state=pairing]').waitFor();
    await page.goto(bridge.address);
    await page.locator('#bridge[data-state=ready]').waitFor();
    await ready();
    await page.locator('.module[data-status=ready]', { hasText: 'Sonic EQ' }).waitFor();
    assert.equal(await page.evaluate('location.hash'), '');
    assert.equal(await mix().getAttribute('aria-valuenow'), value);
    assert.equal((await instances()).there.length, 2);
  });
});

describe('pages from elsewhere', { timeout: 240000 }, () => {
  /** @type {Record<'isolated' | 'plain' | 'studio' | 'stranger', Awaited<ReturnType<typeof site>>>} */
  let sites;
  /** @type {RealBridge} */
  let bridge;
  /** @type {Awaited<ReturnType<typeof browserContext>>} */
  let browser;
  /** @type {string[]} */
  const complaints = [];
  before(async () => {
    sites = {
      isolated: await site({ isolated: true }), plain: await site({ isolated: false }), studio: await site({ isolated: true }), stranger: await site({ isolated: false }),
    };
    bridge = new RealBridge({ folders: FOLDERS(), origins: [sites.isolated.origin, sites.plain.origin, sites.studio.origin] });
    bridge.addPlugin(join(told('SONIC_FAULT_PLUGINS'), 'Fault output-nan.vst3'));
    await bridge.start();
    browser = await browserContext();
  });
  after(async () => {
    await browser?.close();
    await bridge?.remove();
    for (const one of Object.values(sites ?? {})) await one.close();
    assert.deepEqual(complaints.filter((text) => !GONE.test(text)), []);
  });

  /** A test page that is ready to play: paired by the code that the bridge shows. @param {string} origin */
  async function paired(origin) {
    const page = await open(browser.context, `${origin}/pages/rig.html`, complaints);
    await until(page, 'globalThis.loaded');
    /** @param {string} body @returns {Promise<any>} */
    const run = (body) => page.evaluate(`(async () => { ${body} })()`);
    if ((await run(`return connect('', '${bridge.url}')`)) === 'pairing') {
      bridge.output = '';
      await run('await bridge.pair()');
      const code = await bridge.code();
      assert.equal(await run(`await bridge.submitCode('${code}'); return bridge.state`), 'ready');
    }
    await run(`
      await bridge.listPlugins();
      globalThis.plugin = (name) => bridge.plugins.find((entry) => entry.name === name)?.id ?? name;
    `);
    return { page, run };
  }

  /** Listens between generator and checker until enough was right, or something was wrong. */
  const WATCH = `
    globalThis.watch = async (rig, node, { settle = 128 * 40, enough = 100000 } = {}) => {
      rig.check(node.latencySamples, settle);
      let report = await rig.report();
      for (let turn = 0; turn < 100 && report.ok < enough && report.bad === 0; turn++) {
        await sleep(200);
        report = await rig.report();
      }
      return report;
    };
  `;

  test('the demo page from another allowed origin pairs by the six digits that the bridge shows', async () => {
    const page = await open(browser.context, `${sites.studio.origin}/?bridge=${bridge.url}`, complaints);
    await page.locator('#bridge[data-state=pairing]').waitFor();
    await page.locator('#banner').getByRole('button', { name: 'Pair' }).click();
    const field = page.getByRole('textbox', { name: 'Code of six digits' });
    const code = await bridge.code();
    assert.match(bridge.output, new RegExp(sites.studio.origin), 'the person sees who asks');
    await field.fill(code === '000000' ? '111111' : '000000');
    await page.getByText('4 tries left').waitFor();
    await page.screenshot({ path: join(told('SONIC_SCREENSHOTS'), 'bridge-pairing.png') });
    await field.fill(code);
    await page.locator('#bridge[data-state=ready]').waitFor();
    await page.getByRole('button', { name: 'Add Module' }).click();
    await page.locator('.menu-item', { hasText: 'Sonic Gain' }).click();
    await page.getByRole('button', { name: 'I understand, load plugins' }).click();
    await page.locator('.module[data-status=ready]', { hasText: 'Sonic Gain' }).waitFor();
    await page.getByRole('button', { name: 'Remove Sonic Gain' }).click();
    await page.close();
  });

  for (const isolated of [true, false]) {
    describe(isolated ? 'isolated (shared memory)' : 'not isolated (messages)', () => {
      /** @type {Awaited<ReturnType<typeof paired>>} */
      let here;
      before(async () => {
        here = await paired(isolated ? sites.isolated.origin : sites.plain.origin);
        await here.run(WATCH);
      });
      after(() => here?.page.close());

      test('it was paired by the digits in the bridge’s terminal, and is known from then on', async () => {
        assert.equal(await here.page.evaluate('crossOriginIsolated'), isolated);
        await here.page.reload();
        await until(here.page, 'globalThis.loaded');
        assert.equal(await here.run(`return connect('', '${bridge.url}')`), 'ready');
        await here.run(`await bridge.listPlugins(); globalThis.plugin = (name) => bridge.plugins.find((entry) => entry.name === name)?.id ?? name; ${WATCH}`);
      });

      test('no sample is wrong: what comes back is what was sent, a known number of samples later', async () => {
        const got = await here.run(`
          const context = await realtime();
          const node = await lib.NativePluginNode.create(context, { bridge, plugin: plugin('Sonic Gain'), fade: 0, latency: 32 });
          const rig = wire(context, [node]);
          await sleep(300);
          const report = await watch(rig, node, { enough: 200000 });
          const latency = node.latencySamples;
          const stats = await node.measure();
          await context.close();
          node.destroy();
          return { report, latency, stats };
        `);
        assert.equal(got.latency, 32 * 128);
        assert.equal(got.report.bad, 0, JSON.stringify(got));
        assert.ok(got.report.ok >= 200000, JSON.stringify(got));
        assert.ok(got.stats.rttMs.p50 > 0);
      });

      test('a bridge that stands still for half a second is a gap; then all is exact at the same latency', async () => {
        await here.run(`
          const context = await realtime();
          globalThis.node = await lib.NativePluginNode.create(context, { bridge, plugin: plugin('Sonic Gain'), fade: 0, latency: 32 });
          globalThis.rig = wire(context, [node]);
          await sleep(300);
          rig.check(node.latencySamples, 128 * 40);
          await sleep(200);
        `);
        bridge.signal('SIGSTOP');
        await sleep(500);
        bridge.signal('SIGCONT');
        const got = await here.run(`
          await sleep(500);
          const during = await rig.report();
          const before = node.latencySamples;
          const afterwards = await watch(rig, node, { settle: 0, enough: 50000 });
          const r = { during, afterwards, misses: node.stats.misses, latency: [before, node.latencySamples] };
          await context.close();
          node.destroy();
          return r;
        `);
        assert.equal(got.during.bad, 0, JSON.stringify(got));
        assert.ok(got.during.zero > 5000 && got.misses > 20, JSON.stringify(got));
        assert.deepEqual(got.latency, [32 * 128, 32 * 128]);
        assert.equal(got.afterwards.bad, 0, JSON.stringify(got));
        assert.ok(got.afterwards.ok >= 50000, JSON.stringify(got));
      });

      test('an offline context waits for every result', async () => {
        const got = await here.run(`
          const context = new OfflineAudioContext({ numberOfChannels: 2, length: 48000 * 2, sampleRate: 48000 });
          await context.audioWorklet.addModule('./checker.js');
          await lib.NativePluginNode.register(context);
          const node = new lib.NativePluginNode(context, { bridge, plugins: [plugin('Sonic Gain'), plugin('Sonic Gain')], fade: 0 });
          const rig = wireOffline(context, [node], node.latencySamples);
          await lib.renderOffline(context, [node]);
          const report = await rig.report();
          node.destroy();
          return report;
        `);
        assert.deepEqual([got.bad, got.zero, got.ok], [0, 0, 2 * 48000 * 2], JSON.stringify(got));
      });

      for (const [name, block] of /** @type {[string, number][]} */ ([['Sonic Reverb', 128], ['Sonic Reverb', 4096], ['Dragonfly Plate Reverb', 128], ['Dragonfly Plate Reverb', 512]])) {
        test(`offline through ${name} in blocks of ${block} is to the bit what the command line renders`, async () => {
          const sampleRate = 48000;
          const length = 30011;
          // Clicks and a chirp, so that both rooms and filters have something to do.
          const channels = [0, 1].map((channel) => Float32Array.from({ length }, (_, at) => (at % 9001 === 0 ? 0.9 : 0.4 * Math.sin((at * at) / (9000 + 700 * channel)))));
          const [from, to] = ['in.wav', `out-${block}.wav`].map((file) => join(bridge.folder, file));
          writeFileSync(from, wav(channels, sampleRate));
          await bridge.command('render', '--plugin', name, '--tail', '0', '--block', String(block), '--force', '--output', to, from);
          const wanted = samplesOf(readFileSync(to));
          const got = await here.run(`
            const buffer = new AudioBuffer({ numberOfChannels: 2, length: ${length}, sampleRate: ${sampleRate} });
            const bytes = Uint8Array.from(atob('${wav(channels, sampleRate).subarray(44).toString('base64')}'), (char) => char.charCodeAt(0));
            const samples = new Float32Array(bytes.buffer);
            for (let channel = 0; channel < 2; channel++) buffer.copyToChannel(samples.filter((_, at) => at % 2 === channel), channel);
            const result = await lib.processBuffer(buffer, { bridge, plugin: plugin('${name}'), tail: 0, block: ${block} });
            return Array.from({ length: result.numberOfChannels }, (_, channel) => [...result.getChannelData(channel)]);
          `);
          assert.deepEqual(got.map((/** @type {number[]} */ samples) => samples.length), wanted.map((samples) => samples.length));
          let [different, most, loudest] = [0, 0, 0];
          for (const [channel, samples] of wanted.entries()) {
            for (const [at, sample] of samples.entries()) {
              if (got[channel][at] !== sample) different++;
              most = Math.max(most, Math.abs(got[channel][at] - sample));
              loudest = Math.max(loudest, Math.abs(sample - channels[channel][at]));
            }
          }
          assert.ok(loudest > 0.01, 'the plugin does something');
          assert.equal(different, 0, `${different} samples differ, by at most ${most}`);
        });
      }

      test('a plugin that answers with no numbers is silenced by the guard, and the page is told', async () => {
        const got = await here.run(`
          const context = await realtime();
          const node = await lib.NativePluginNode.create(context, { bridge, plugin: plugin('Fault output-nan'), latency: 32 });
          const told = new Promise((resolve) => node.addEventListener('guard', () => resolve(true), { once: true }));
          const rig = wire(context, [node]);
          const ear = new AnalyserNode(context, { fftSize: 2048 });
          node.connect(ear);
          const guard = await Promise.race([told, sleep(15000)]);
          const samples = new Float32Array(2048);
          ear.getFloatTimeDomainData(samples);
          await context.close();
          node.destroy();
          return { guard, finite: samples.every(Number.isFinite) };
        `);
        assert.deepEqual(got, { guard: true, finite: true });
      });
    });
  }

  test('sixteen plugins at once, and none of them mixes up its sound', async () => {
    const { page, run } = await paired(sites.isolated.origin);
    await run(WATCH);
    const got = await run(`
      const context = await realtime({ latencyHint: 'interactive' });
      const nodes = await Promise.all(Array.from({ length: 16 }, () => lib.NativePluginNode.create(context, { bridge, plugin: plugin('Sonic Gain'), fade: 0, latency: 48 })));
      const rigs = nodes.map((node) => wire(context, [node]));
      await sleep(500);
      const reports = await Promise.all(rigs.map((rig, index) => watch(rig, nodes[index], { enough: 20000 })));
      const { instances } = await bridge.call('LIST_INSTANCES');
      await context.close();
      nodes.forEach((node) => node.destroy());
      return { reports, instances: instances.length };
    `);
    assert.equal(got.instances, 16);
    for (const { bad, ok } of got.reports) assert.ok(bad === 0 && ok >= 20000, JSON.stringify(got.reports));
    await page.close();
  });

  test('the node on standardized-audio-context, live and offline', async () => {
    const { page, run } = await paired(sites.isolated.origin);
    const got = await run(`
      await import('./sac.js');
      const Node = lib.createNativePluginNode(sac.AudioWorkletNode, (context, url) => sac.addAudioWorkletModule(context, url));
      const context = new sac.OfflineAudioContext({ numberOfChannels: 2, length: 9600, sampleRate: 48000 });
      await Node.register(context);
      const node = new Node(context, { bridge, plugin: plugin('Sonic Gain'), fade: 0, latency: 0 });
      const one = new sac.ConstantSourceNode(context);
      one.connect(node).connect(context.destination);
      one.start(0);
      const sound = (await lib.renderOffline(context, [node])).getChannelData(0);
      node.destroy();
      const live = new sac.AudioContext();
      const other = await Node.create(live, { bridge, plugin: plugin('Sonic Gain') });
      const r = { first: sound[0], last: sound[9599], live: other.status, gain: other.params.get('Gain').value };
      other.destroy();
      await live.close();
      return r;
    `);
    assert.deepEqual(got, { first: 1, last: 1, live: 'ready', gain: 0 });
    await page.close();
  });

  test('a page that the bridge does not know by its origin is told so', async () => {
    /** @type {string[]} */
    const refused = [];
    const page = await open(browser.context, `${sites.stranger.origin}/pages/rig.html`, refused);
    await until(page, 'globalThis.loaded');
    const [state, reason] = await page.evaluate(`connect('', '${bridge.url}').then((state) => [state, bridge.reason])`).then((got) => /** @type {string[]} */ (got));
    // To a page that it does not know, the bridge says so little that it cannot be told from nothing at all.
    assert.ok(['foreign-server', 'absent'].includes(state), state);
    assert.match(reason, /list of allowed origins lacks/);
    assert.ok(reason.includes(sites.stranger.origin), reason);
    await page.goto(`${sites.stranger.origin}/?bridge=${bridge.url}`);
    await page.locator('#banner', { hasText: sites.stranger.origin }).waitFor();
    await page.close();
  });

  test('nothing is left behind at the bridge', async () => {
    const { page, run } = await paired(sites.isolated.origin);
    assert.deepEqual(await run(`return (await bridge.call('LIST_INSTANCES')).instances`), []);
    await page.close();
  });
});
