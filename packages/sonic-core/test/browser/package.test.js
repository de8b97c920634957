// The package as it is published: packed, installed into an empty project, and its README's example run.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { browserContext } from '../support/browser.js';
import { RealBridge } from '../support/real-bridge.js';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

test('packed and installed, the example of the README plays through a plugin', async () => {
  const bridge = new RealBridge();
  const folder = mkdtempSync(join(tmpdir(), 'bridge-project-'));
  const [{ filename }] = JSON.parse(execFileSync(npm, ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: PACKAGE, encoding: 'utf8' }));
  writeFileSync(join(folder, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }');
  execFileSync(npm, ['install', '--offline', '--no-audit', '--no-fund', join(folder, filename)], { cwd: folder, stdio: 'ignore' });
  const installed = join(folder, 'node_modules/@sonic-core/native-bridge');
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const entry of Object.values(exports)) for (const file of typeof entry === 'string' ? [entry] : Object.values(entry)) assert.ok(existsSync(join(installed, file)), file);
  assert.equal(existsSync(join(installed, 'test')), false);

  const example = /```js\n([\s\S]*?)```/.exec(readFileSync(join(installed, 'README.md'), 'utf8'))?.[1] ?? '';
  assert.match(example, /NativePluginNode\.create/);
  mkdirSync(join(folder, 'site'));
  const site = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const page = '<!doctype html><link rel="icon" href="data:,"><script type="importmap">{"imports":{"@sonic-core/native-bridge":"/node_modules/@sonic-core/native-bridge/src/index.js"}}</script><button id="connect">Connect</button><script type="module" src="/example.js"></script>';
    // The example means the usual port; here the bridge has another one.
    const own = `${example.replace("{ app: 'My page' }", `{ app: 'My page', url: '${bridge.url}' }`)}\nObject.assign(globalThis, { bridge, context });`;
    const known = path === '/' ? page : path === '/example.js' ? own : existsSync(join(folder, path)) && extname(path) === '.js' ? readFileSync(join(folder, path)) : null;
    if (known === null) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': path === '/' ? 'text/html' : 'text/javascript' }).end(known);
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', () => resolve(null)));
  bridge.origins = [`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (site.address()).port}`];
  await bridge.start();
  const { context, close } = await browserContext();
  const page = await context.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', async (dialog) => dialog.accept(await bridge.code(0)));
  await page.goto(bridge.origins[0]);
  await page.click('#connect');
  await page.waitForFunction(() => /** @type {any} */ (globalThis).bridge.ready);
  let sound = 0;
  for (let turn = 0; turn < 60 && sound === 0; turn++) {
    await page.waitForTimeout(100);
    sound = await page.evaluate(() => /** @type {any} */ (globalThis).bridge.call('GET_TIMINGS').then((/** @type {any} */ { streams }) => streams[0]?.blocks ?? 0));
  }
  assert.ok(sound > 0, 'blocks reach the plugin');
  assert.deepEqual(complaints, []);
  await close();
  site.closeAllConnections();
  site.close();
  await bridge.end();
  rmSync(folder, { recursive: true, force: true });
});
