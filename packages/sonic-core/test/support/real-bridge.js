// The real bridge, as a process with a home of its own. The build tells where it is.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ISOLATED, browserContext, files } from './browser.js';

/** @param {string} name */
function told(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; "cargo xtask test" sets it`);
  return value;
}

export class RealBridge {
  /** @param {{ origins?: string[], plugins?: string }} [options] */
  constructor(options = {}) {
    this.program = told('SONIC_BRIDGE');
    this.plugins = options.plugins ?? told('SONIC_DEMO_PLUGINS');
    this.home = mkdtempSync(join(tmpdir(), 'bridge-home-'));
    this.origins = options.origins ?? [];
    this.log = '';
    this.port = 0;
    /** @type {import('node:child_process').ChildProcess | null} */
    this.child = null;
  }

  /** Variables that keep everything inside the folder of the test. */
  get variables() {
    const { home } = this;
    return { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_DATA_HOME: join(home, 'data'), XDG_CACHE_HOME: join(home, 'cache'), XDG_STATE_HOME: join(home, 'state'), VST3_PATH: '' };
  }

  /** @returns {Promise<string>} the address with the key */
  async start() {
    mkdirSync(this.home, { recursive: true });
    const config = join(this.home, 'config.lua');
    writeFileSync(config, `return { server = { origins = { ${this.origins.map((origin) => JSON.stringify(origin)).join(', ')} } } }\n`);
    const child = spawn(this.program, [
      'run', '--config', config, '--no-standard-folders', '--plugin-path', this.plugins, '--accept-native-plugins', '--no-open', '--port', String(this.port), '--log', 'info',
    ], { env: this.variables, cwd: this.home, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (this.log += data));
    child.on('exit', () => (this.child = this.child === child ? null : this.child));
    const address = await this.find(/http:\/\/(?:localhost|127\.0\.0\.1):(\d+)\/#key=\S+/);
    this.port = Number(address[1]);
    this.url = `http://127.0.0.1:${this.port}`;
    return address[0];
  }

  /** Waits for something in the log. @param {RegExp} what @param {number} [from] */
  async find(what, from = 0) {
    for (let turn = 0; turn < 600; turn++) {
      const found = what.exec(this.log.slice(from));
      if (found) return found;
      if (!this.child) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the bridge did not say ${what}:\n${this.log}`);
  }

  /** The code of a pairing that was asked for after `from`. @param {number} from */
  async code(from) {
    return (await this.find(/(?<![\d.:])(\d{3} ?\d{3})(?![\dZ.])/, from))[1].replace(' ', '');
  }

  /** @param {NodeJS.Signals} signal */
  signal(signal) {
    this.child?.kill(signal);
  }

  /** @param {NodeJS.Signals} [signal] */
  async stop(signal = 'SIGINT') {
    const { child } = this;
    if (!child) return;
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.kill(signal);
    await gone;
  }

  async end() {
    await this.stop('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }
}

/**
 * Pages of the tests on another port of this computer, a browser, and the bridge that lists that origin.
 * @param {{ isolated?: boolean, plugins?: string }} [options]
 */
export async function realWorld(options = {}) {
  const bridge = new RealBridge({ plugins: options.plugins });
  const site = createServer((request, response) => {
    const file = files((request.url ?? '/').split('?')[0]);
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': file.type, ...(options.isolated === false ? {} : ISOLATED) });
    response.end(file.body);
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', () => resolve(null)));
  const origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (site.address()).port}`;
  bridge.origins = [origin];
  const address = await bridge.start();
  const { context, close } = await browserContext();
  /** @type {string[]} */
  const complaints = [];
  return {
    bridge, context, complaints, address, origin,
    /** @param {string} url */
    async open(url) {
      const page = await context.newPage();
      page.setDefaultTimeout(15000);
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
      await page.goto(url);
      return page;
    },
    /** A rig that is paired. */
    async rig() {
      const page = await this.open(`${origin}/pages/rig.html`);
      await page.waitForFunction('globalThis.loaded');
      const from = bridge.log.length;
      const state = await page.evaluate(`(async () => {
        globalThis.bridge = new lib.ConnectionManager({ url: '${bridge.url}', app: 'Rig', firstDelay: 50, longestDelay: 500 });
        if (await bridge.connect() === 'pairing') await bridge.pair();
        return bridge.state;
      })()`);
      if (state === 'pairing') await page.evaluate(`bridge.submitCode('${await bridge.code(from)}')`);
      await page.evaluate(`bridge.listPlugins().then((all) => (globalThis.plug = Object.fromEntries(all.map(({ name, id }) => [name, id]))))`);
      return page;
    },
    async close() {
      await close();
      site.closeAllConnections();
      site.close();
      await bridge.end();
    },
  };
}
