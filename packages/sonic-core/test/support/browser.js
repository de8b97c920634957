// A real Chromium, a fake bridge that also serves the pages, and a page of the library in it.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { FakeBridge } from './fake-bridge.js';

const TREE = fileURLToPath(new URL('../../../../', import.meta.url));
const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json',
  '.webmanifest': 'application/manifest+json', '.svg': 'image/svg+xml', '.png': 'image/png', '.wav': 'audio/wav',
});
const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--autoplay-policy=no-user-gesture-required', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
];
export const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Where a path of a test page lies in the tree. @param {string} path */
function place(path) {
  if (path === '/' || path === '/index.html') return 'examples/pwa/index.html';
  if (path.startsWith('/sonic-core/')) return `packages/sonic-core/src/${path.slice(12)}`;
  if (path.startsWith('/pages/')) return `packages/sonic-core/test/browser/pages/${path.slice(7)}`;
  if (path.startsWith('/node_modules/')) return `packages/sonic-core${path}`;
  return `examples/pwa${path}`;
}

/** @param {string} path */
export function files(path) {
  const clean = place(path);
  const full = join(TREE, clean);
  if (clean.includes('..') || !existsSync(full) || !extname(full)) return null;
  let body = /** @type {Buffer | string} */ (readFileSync(full));
  // Packages of the tests are not bundled: their bare names become paths, with endings.
  if (clean.includes('/node_modules/')) {
    body = String(body).replace(/from '([a-z@][^']*)'/g, (_, name) => `from '/node_modules/${name}/${JSON.parse(readFileSync(join(TREE, 'packages/sonic-core/node_modules', name, 'package.json'), 'utf8')).module}'`)
      .replace(/from '(\.[^']*?)(\.js)?'/g, "from '$1.js'");
  }
  return { type: TYPES[extname(full)] ?? 'application/octet-stream', body };
}

/** The policy of the bridge's own page. @param {number} port */
export const policy = (port) => {
  // The grammar of source lists has no IPv6 addresses; a page from [::1] is covered by 'self'.
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const connect = hosts.flatMap((host) => [`ws://${host}`, `http://${host}`]).join(' ');
  return `default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self' ${connect}; worker-src 'self' blob:; img-src 'self' data:; frame-ancestors 'none'`;
};

/** @param {{ isolated?: boolean, policy?: boolean, args?: string[], bridge?: ConstructorParameters<typeof FakeBridge>[0] }} [options] */
export async function world(options = {}) {
  const headers = /** @type {Record<string, string>} */ ({ ...(options.isolated === false ? {} : ISOLATED) });
  const bridge = await new FakeBridge({ files, headers, ...options.bridge }).listen();
  if (bridge.port && options.policy !== false) headers['content-security-policy'] = policy(bridge.port);
  const profile = mkdtempSync(join(tmpdir(), 'bridge-page-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: [...FLAGS, ...(options.args ?? [])],
    ignoreDefaultArgs: ['--mute-audio'], viewport: { width: 1280, height: 860 },
  });
  /** @type {string[]} */
  const complaints = [];
  return {
    bridge, context, complaints,
    /** @param {string} [path] */
    async open(path = '/pages/rig.html') {
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
        if (process.env.VERBOSE) console.log(message.text());
      });
      await page.goto(`${bridge.url}${path}`);
      return page;
    },
    async close() {
      await context.close();
      await bridge.stop().catch(() => {});
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Share of the time in which something waited for a processor, in percent; null where the system does not say. */
export function pressure() {
  try {
    return Number(/some avg10=([\d.]+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1] ?? NaN);
  } catch {
    return null;
  }
}
