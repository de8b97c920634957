// What the road to the bridge costs, against a plain echo on the same machine in the same run.
//
// SONIC_BRIDGE and SONIC_DEMO_PLUGINS say where the release program and its plugins are; SECONDS how long each row takes.
// Figures of a busy machine say little, so the pressure on its processors is printed with them.

import { readFileSync } from 'node:fs';
import { pressure } from '../test/support/browser.js';
import { FakeBridge } from '../test/support/fake-bridge.js';
import { realWorld } from '../test/support/real-bridge.js';

const SECONDS = Number(process.env.SECONDS ?? 20);

/** Seconds of processor time of a process so far; 0 where the system does not say. @param {number | undefined} pid */
function processorTime(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** @param {import('playwright-core').Page} page @param {string} where @param {string} plugin @param {number} count @param {number} depth */
async function live(page, where, plugin, count, depth) {
  return page.evaluate(`(async () => {
    const context = await realtime({ latencyHint: 'interactive' });
    const nodes = await Promise.all(Array.from({ length: ${count} }, () => lib.NativePluginNode.create(context, { bridge: ${where}, plugin: ${plugin}, fade: 0, latency: ${depth} })));
    const rigs = nodes.map((node) => wire(context, [node]));
    await sleep(1000);
    rigs.forEach((rig, index) => rig.check(nodes[index].latencySamples, 0));
    const before = nodes.map((node) => node.stats.misses);
    await sleep(${SECONDS * 1000});
    const reports = await Promise.all(rigs.map((rig) => rig.report()));
    const stats = await nodes[0].measure();
    const misses = nodes.reduce((sum, node, index) => sum + node.stats.misses - before[index], 0);
    await context.close();
    nodes.forEach((node) => node.destroy());
    return { bad: reports.reduce((sum, { bad }) => sum + bad, 0), misses, rtt: stats.rttMs, micros: stats.serverMicros };
  })()`).then((got) => /** @type {{ bad: number, misses: number, rtt: { p50: number, p99: number, p999: number }, micros: number }} */ (got));
}

/** Times real time. @param {import('playwright-core').Page} page @param {string} where @param {string} plugin */
async function offline(page, where, plugin) {
  return page.evaluate(`(async () => {
    const buffer = new AudioBuffer({ numberOfChannels: 2, length: 48000 * 60, sampleRate: 48000 });
    for (let channel = 0; channel < 2; channel++) buffer.getChannelData(channel).forEach((_, index, data) => (data[index] = Math.sin(index / 20) / 2));
    await lib.processChannels(buffer, { bridge: ${where}, plugin: ${plugin} });
    const begun = performance.now();
    await lib.processChannels(buffer, { bridge: ${where}, plugin: ${plugin} });
    return 60000 / (performance.now() - begun);
  })()`).then(Number);
}

const row = (/** @type {(string | number)[]} */ ...cells) =>
  console.log(`| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(2) : cell)).join(' | ')} |`);

row('page', 'what', 'streams', 'depth', 'RTT p50 ms', 'p99', 'p99.9', 'underruns / min', 'messages / s', 'bridge CPU %', 'wrong', 'pressure %');
row(...Array(12).fill('---'));
/** @type {Record<string, number>} */
const medians = {};
for (const isolated of [true, false]) {
  const echo = await new FakeBridge().listen();
  echo.echo = true;
  const here = await realWorld({ isolated });
  const page = await here.rig();
  await page.evaluate(`(async () => {
    globalThis.echo = new lib.ConnectionManager({ url: '${echo.url}', store: new lib.MemoryKeyStore() });
    await echo.pair({ key: '${echo.pageKey}' });
  })()`);
  const name = isolated ? 'shared memory' : 'messages';
  for (const [what, where, plugin] of [['echo', 'echo', "'vst3:gain'"], ['Sonic Gain', 'bridge', "plug['Sonic Gain']"]]) {
    for (const [count, depth] of [[1, isolated ? 8 : 24], [16, 24]]) {
      const [messages, time] = [echo.messages, processorTime(here.bridge.child?.pid)];
      const { bad, misses, rtt } = await live(page, where, plugin, count, depth);
      const used = processorTime(here.bridge.child?.pid) - time;
      if (count === 1) medians[`${name} ${what}`] = rtt.p50;
      row(name, what, String(count), String(depth), rtt.p50, rtt.p99, rtt.p999, (misses * 60) / SECONDS / count, where === 'echo' ? (echo.messages - messages) / (SECONDS + 1) : '', where === 'bridge' ? (100 * used) / (SECONDS + 1) : '', String(bad), pressure() ?? '');
    }
  }
  if (isolated) {
    const [plain, gain] = [await offline(page, 'echo', "'vst3:gain'"), await offline(page, 'bridge', "plug['Sonic Gain']")];
    console.log(`\noffline, blocks of 4096, four under way: echo ${plain.toFixed(0)} × real time, Sonic Gain ${gain.toFixed(0)} × (${(gain / plain).toFixed(2)} of the echo; goal 0.75)\n`);
  }
  console.log(`\n${name}: RTT with Sonic Gain is ${(medians[`${name} Sonic Gain`] / medians[`${name} echo`]).toFixed(2)} of the echo's (goal 1.15)\n`);
  await here.close();
  await echo.stop();
}
