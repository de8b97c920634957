// The browser's local-network permission: a page from the internet, a bridge on this computer.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FakeBridge } from '../support/fake-bridge.js';
import { browserContext, files } from '../support/browser.js';

const HOST = 'app.example.test';

describe('a page from the internet', () => {
  /** @type {import('node:https').Server} */
  let site;
  /** @type {FakeBridge} */
  let bridge;
  /** @type {string} */
  let folder;
  let origin = '';
  let port = 0;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bridge-site-'));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', `/CN=${HOST}`], { cwd: folder, stdio: 'ignore' });
    site = createServer({ key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) }, (request, response) => {
      const file = files((request.url ?? '/').split('?')[0]);
      if (!file) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': file.type, 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'credentialless' });
      response.end(file.body);
    });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', () => resolve(null)));
    port = /** @type {import('node:net').AddressInfo} */ (site.address()).port;
    origin = `https://${HOST}:${port}`;
    bridge = await new FakeBridge({ origins: [origin] }).listen();
  });
  after(async () => {
    await bridge?.stop();
    site?.closeAllConnections();
    site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** @param {string[]} permissions */
  async function visit(permissions) {
    const { context, close } = await browserContext([
      `--ip-address-space-overrides=127.0.0.1:${port}=public`, '--ignore-certificate-errors', `--host-resolver-rules=MAP ${HOST} 127.0.0.1`,
    ]);
    if (permissions.length > 0) await context.grantPermissions(permissions, { origin });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    await page.goto(`${origin}/pages/rig.html`);
    await page.waitForFunction('globalThis.loaded');
    /** @param {boolean} userGesture */
    const connect = (userGesture) => page.evaluate(`(async () => {
      globalThis.bridge ??= new lib.ConnectionManager({ url: '${bridge.url}', app: 'Rig' });
      return [await bridge.connect({ userGesture: ${userGesture} }), crossOriginIsolated];
    })()`);
    return { page, connect, close };
  }

  test('nothing is sent before a person clicks, and a refusal is named', async () => {
    const { connect, close } = await visit([]);
    const before = bridge.requests + bridge.upgrades;
    assert.deepEqual(await connect(false), ['permission-prompt', true]);
    // A headless browser answers its own question with no.
    assert.deepEqual(await connect(true), ['permission-denied', true]);
    assert.equal(bridge.requests + bridge.upgrades, before, 'nothing reached the bridge');
    await close();
  });

  test('with the permission the page pairs and plays', async () => {
    const { page, connect, close } = await visit(['local-network-access']);
    assert.deepEqual(await connect(false), ['pairing', true]);
    await page.evaluate('bridge.pair()');
    assert.equal(await page.evaluate(`bridge.submitCode('${bridge.code}').then(() => bridge.state)`), 'ready');
    const report = await page.evaluate(`(async () => {
      const context = await realtime();
      const node = await lib.NativePluginNode.create(context, { bridge, plugin: 'vst3:gain', fade: 0, latency: 24 });
      const rig = wire(context, [node]);
      await sleep(300);
      rig.check(node.latencySamples, 0);
      await sleep(800);
      return rig.report();
    })()`).then((got) => /** @type {{ ok: number, bad: number }} */ (got));
    assert.equal(report.bad, 0);
    assert.ok(report.ok > 20000);
    await close();
  });
});
