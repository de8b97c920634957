// The real bridge as a running program, and sites beside it whose pages talk to it.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ISOLATED, files } from './browser.js';

const START_MS = 60000;
const CODE_MS = 15000;

/** What `cargo xtask test` tells the tests. @param {string} name */
export function told(name) {
  const value = process.env[name];
  if (!value) throw new Error(`The variable ${name} is not set. Run these tests with \`cargo xtask test\`, which builds the bridge and its plugins and names them.`);
  return value;
}

/** @param {number} ms */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class RealBridge {
  /** @param {{ origins?: string[], folders: string[] }} options */
  constructor(options) {
    this.program = told('SONIC_BRIDGE');
    this.folder = mkdtempSync(join(tmpdir(), 'bridge-real-'));
    for (const part of ['home', 'cache', 'config', 'temp', 'plugins']) mkdirSync(join(this.folder, part));
    const origins = (options.origins ?? []).map((origin) => JSON.stringify(origin)).join(', ');
    writeFileSync(join(this.folder, 'config.lua'), `return { server = { origins = { ${origins} } } }\n`);
    this.env = {
      ...process.env, VST3_PATH: [...options.folders, join(this.folder, 'plugins')].join(delimiter), SONIC_BRIDGE_CACHE: join(this.folder, 'cache'), SONIC_BRIDGE_CONFIG: join(this.folder, 'config'),
      ...Object.fromEntries(['HOME', 'USERPROFILE', 'LOCALAPPDATA', 'APPDATA'].map((name) => [name, join(this.folder, 'home')])),
      ...Object.fromEntries(['TMPDIR', 'TEMP', 'TMP'].map((name) => [name, join(this.folder, 'temp')])),
    };
    this.port = 0;
    this.address = '';
    this.output = '';
    this.errors = '';
  }

  /** One plugin of a folder whose others would take long to examine. @param {string} bundle */
  addPlugin(bundle) {
    cpSync(bundle, join(this.folder, 'plugins', basename(bundle)), { recursive: true });
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it, or starts it again at the same port, and waits until it listens. */
  async start() {
    this.address = this.output = this.errors = '';
    const child = spawn(this.program, ['run', '--port', String(this.port), '--no-open', '--accept-native-plugins', '--no-standard-folders'], {
      cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    child.stdout.on('data', (data) => (this.output += data));
    child.stderr.on('data', (data) => (this.errors += data));
    for (const begun = Date.now(); !this.address; await sleep(20)) {
      this.address = /http:\/\/localhost:\d+\/#key=\S+(?=\s)/.exec(this.output)?.[0] ?? '';
      if (child.exitCode !== null || Date.now() - begun > START_MS) throw new Error(`the bridge does not listen: ${this.output}${this.errors}`);
    }
    this.port = Number(new URL(this.address).port);
    return this;
  }

  /** The six digits that it shows last. */
  async code() {
    for (const begun = Date.now(); Date.now() - begun < CODE_MS; await sleep(20)) {
      const [found] = [...this.output.matchAll(/(?<![\w.])(\d{3}) ?(\d{3})(?![\w.])/g)].slice(-1);
      if (found) return found[1] + found[2];
    }
    throw new Error(`the bridge shows no code: ${this.output}`);
  }

  /** @param {NodeJS.Signals} name */
  signal(name) {
    this.child?.kill(name);
  }

  /** The end without a word, as by `kill -9`. */
  async kill() {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async remove() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs another command of the same program, in the same home. @param {string[]} args */
  async command(...args) {
    return promisify(execFile)(this.program, [...args, '--no-standard-folders'], { cwd: this.folder, env: this.env, timeout: START_MS });
  }
}

/** A web server of somebody else, with the test pages and the demo page. @param {{ isolated: boolean }} options */
export async function site({ isolated }) {
  const server = createServer((request, response) => {
    const file = files((request.url ?? '/').split('?')[0]);
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-store', ...(isolated ? ISOLATED : {}) });
    response.end(file.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections?.();
      server.close();
    },
  };
}

/** A WAV file of 32-bit floats. @param {Float32Array[]} channels @param {number} sampleRate */
export function wav(channels, sampleRate) {
  const [count, length] = [channels.length, channels[0].length];
  const file = Buffer.alloc(44 + 4 * count * length);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(3, 20);
  file.writeUInt16LE(count, 22);
  file.writeUInt32LE(sampleRate, 24);
  file.writeUInt32LE(4 * count * sampleRate, 28);
  file.writeUInt16LE(4 * count, 32);
  file.writeUInt16LE(32, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(4 * count * length, 40);
  for (let frame = 0; frame < length; frame++) channels.forEach((samples, channel) => file.writeFloatLE(samples[frame], 44 + 4 * (frame * count + channel)));
  return file;
}

/** The samples of such a file, whatever parts stand before them. @param {Buffer} file @returns {Float32Array[]} */
export function samplesOf(file) {
  let at = 12;
  let count = 0;
  while (file.toString('latin1', at, at + 4) !== 'data') {
    if (file.toString('latin1', at, at + 4) === 'fmt ') {
      count = file.readUInt16LE(at + 10);
      if (file.readUInt16LE(at + 22) !== 32) throw new Error('32-bit floats are expected');
    }
    at += 8 + file.readUInt32LE(at + 4) + (file.readUInt32LE(at + 4) & 1);
  }
  const length = file.readUInt32LE(at + 4) / 4 / count;
  return Array.from({ length: count }, (_, channel) => Float32Array.from({ length }, (_, frame) => file.readFloatLE(at + 8 + 4 * (frame * count + channel))));
}
