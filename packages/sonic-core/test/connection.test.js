import './support/node18.js';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, test } from 'node:test';
import { ConnectionManager } from '../src/connection-manager.js';
import { MemoryKeyStore } from '../src/key-store.js';
import { FakeBridge } from './support/fake-bridge.js';
import { SocketTransport, pageFetch, permission } from './support/socket-transport.js';

const ORIGIN = 'https://app.test';
/** @type {(() => any)[]} */
let undo = [];
afterEach(async () => {
  for (const step of undo.reverse()) await step();
  undo = [];
});

/** @param {ConstructorParameters<typeof FakeBridge>[0]} [options] */
async function bridge(options) {
  const made = await new FakeBridge({ origins: [ORIGIN], ...options }).listen();
  undo.push(() => made.stop().catch(() => {}));
  return made;
}

/** @param {string} url @param {Partial<import('../src/connection-manager.js').ManagerOptions>} [options] */
function manager(url, options = {}) {
  const made = new ConnectionManager({
    url, app: 'Test', origin: ORIGIN, pageUrl: `${ORIGIN}/`, store: new MemoryKeyStore(), transport: new SocketTransport(ORIGIN),
    fetch: pageFetch(ORIGIN), permissions: permission('granted').permissions, firstDelay: 20, longestDelay: 100, ...options,
  });
  undo.push(() => made.dispose());
  return made;
}

/** @param {ConnectionManager} made @param {string} state */
const reach = (made, state) => new Promise((resolve, reject) => {
  if (made.state === state) return resolve(null);
  const timer = setTimeout(() => reject(new Error(`${made.state} (${made.reason}) instead of ${state}`)), 5000);
  made.addEventListener('statechange', () => {
    if (made.state !== state) return;
    clearTimeout(timer);
    resolve(null);
  });
});

/** @param {ConnectionManager} made @param {FakeBridge} to */
async function paired(made, to) {
  await made.pair();
  await made.submitCode(to.code);
  assert.equal(made.state, 'ready');
}

test('an absent bridge is absent, and is found once it starts', async () => {
  const gone = await bridge();
  const { port, url = '' } = gone;
  await gone.stop();
  const made = manager(url);
  assert.equal(await made.connect(), 'absent');
  assert.match(made.reason, /Start sonic-bridge/);
  const back = await new FakeBridge({ origins: [ORIGIN], port }).listen();
  undo.push(() => back.stop());
  await reach(made, 'pairing');
});

test('nothing reaches the bridge while the browser would prompt, unless a person clicked', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '', { permissions: permission('prompt').permissions });
  assert.equal(await made.connect(), 'permission-prompt');
  assert.equal(to.requests + to.upgrades, 0);
  assert.equal(await made.connect({ userGesture: true }), 'pairing');
  assert.ok(to.requests > 0);
});

test('a refused permission is told apart from an absent bridge, and a later grant connects', async () => {
  const to = await bridge();
  const asked = permission('prompt');
  const blocked = /** @type {typeof fetch} */ (async () => {
    asked.set('denied');
    throw new TypeError('Failed to fetch');
  });
  let fetching = blocked;
  const made = manager(to.url ?? '', { permissions: asked.permissions, fetch: (...input) => fetching(...input) });
  assert.equal(await made.connect({ userGesture: true }), 'permission-denied');
  assert.equal(to.upgrades, 0);
  fetching = pageFetch(ORIGIN);
  asked.set('granted');
  await reach(made, 'pairing');
});

test('a page from this computer needs no permission', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '', { permissions: permission('prompt').permissions, pageUrl: 'http://127.0.0.1:9/' });
  assert.equal(await made.connect(), 'pairing');
});

test('another program on the port is a foreign server, with CORS or without', async () => {
  for (const headers of [{}, { 'access-control-allow-origin': ORIGIN }]) {
    const server = createServer((_, response) => response.writeHead(200, headers).end('{"app":"something"}'));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
    undo.push(() => server.close());
    const made = manager(`http://127.0.0.1:${/** @type {any} */ (server.address()).port}`);
    assert.equal(await made.connect(), 'foreign-server');
  }
});

test('a bridge that does not know this origin is not taken for an absent one', async () => {
  const to = await bridge({ origins: ['https://other.test'] });
  const made = manager(to.url ?? '');
  assert.equal(await made.connect(), 'foreign-server');
  assert.match(made.reason, /list of allowed origins/);
});

test('a bridge of another protocol is incompatible', async () => {
  const to = await bridge({ protocol: [2, 3] });
  const made = manager(to.url ?? '');
  assert.equal(await made.connect(), 'incompatible');
  assert.match(made.reason, /Update/);
});

test('pairing: the code on the bridge lets the page in, and the next time the key does', async () => {
  const to = await bridge();
  const store = new MemoryKeyStore();
  const made = manager(to.url ?? '', { store });
  assert.equal(await made.connect(), 'pairing');
  assert.equal(made.pairing?.step, 'needed');
  await made.pair();
  assert.equal(made.pairing?.step, 'code');
  assert.equal(made.pairing?.origin, ORIGIN);
  const wrong = to.code === '000000' ? '000001' : '000000';
  await assert.rejects(made.submitCode(wrong), (/** @type {any} */ error) => error.kind === 'CONSENT_DENIED' && error.data.left === 4);
  assert.equal(made.pairing?.left, 4);
  await made.submitCode(to.code);
  assert.equal(made.state, 'ready');
  assert.ok(made.scopes.includes('audio'));
  assert.match(made.warning, /outside the browser/);
  made.dispose();
  const again = manager(to.url ?? '', { store });
  assert.equal(await again.connect(), 'ready');
});

test('five wrong codes end the pairing', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '');
  await made.pair();
  const wrong = to.code === '000000' ? '000001' : '000000';
  for (let turn = 0; turn < 5; turn++) await assert.rejects(made.submitCode(wrong));
  await reach(made, 'pairing');
  assert.equal(made.pairing?.step, 'needed');
});

test('the key of a printed address pairs at once, and only once', async () => {
  const to = await bridge();
  const key = to.pageKey;
  await manager(to.url ?? '').pair({ key });
  assert.equal(to.keys.size, 1);
  const second = manager(to.url ?? '');
  await assert.rejects(second.pair({ key }));
});

test('a server that cannot prove that it knows the key is not talked to', async () => {
  const to = await bridge();
  const store = new MemoryKeyStore();
  const first = manager(to.url ?? '', { store });
  await paired(first, to);
  first.dispose();
  to.wrongProof = true;
  to.calls.clear();
  const made = manager(to.url ?? '', { store });
  assert.equal(await made.connect(), 'foreign-server');
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([...to.calls.keys()], ['IDENTIFY']);
});

test('a bridge that forgot the key asks for pairing again', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '');
  await paired(made, to);
  to.keys.clear();
  to.drop();
  await reach(made, 'pairing');
  assert.equal(await made.store.getKey(to.url ?? ''), null);
});

test('a lost socket is found again and the session goes on, with the events in between', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '');
  await paired(made, to);
  const { instance } = await made.call('LOAD_PLUGIN', { plugin_id: 'vst3:gain' });
  /** @type {string[]} */
  const heard = [];
  made.addEventListener('bridgeevent', (event) => heard.push(/** @type {any} */ (event).detail.type));
  const [session] = to.sessions.values();
  to.drop();
  await reach(made, 'reconnecting');
  session.emit('STATE_DIRTY', 'lifecycle', { instance });
  await reach(made, 'ready');
  assert.equal((await made.call('LIST_INSTANCES')).instances[0].instance, instance);
  assert.deepEqual(heard, ['STATE_DIRTY']);
});

test('a bridge that was killed and started again is a new session', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '');
  await paired(made, to);
  let resumed = null;
  made.addEventListener('session', (event) => (resumed = /** @type {any} */ (event).detail.resumed));
  await to.stop();
  await reach(made, 'reconnecting');
  await to.listen(to.port);
  await reach(made, 'ready');
  assert.equal(resumed, false);
});

test('close codes are obeyed', async () => {
  const table = /** @type {[number, string][]} */ ([[4009, 'closed'], [4010, 'closed'], [4013, 'pairing'], [4006, 'incompatible'], [1012, 'reconnecting'], [4012, 'reconnecting'], [4008, 'reconnecting']]);
  for (const [code, state] of table) {
    const to = await bridge();
    const made = manager(to.url ?? '');
    await paired(made, to);
    to.drop(code, 'because');
    await reach(made, state);
    if (code === 4008) assert.ok(made.retryAt - Date.now() > 50000);
    made.dispose();
  }
});

test('requests end with the socket, and an aborted one is cancelled at the bridge', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '');
  await paired(made, to);
  const abort = new AbortController();
  to.sockets.clients.forEach((client) => client.pause());
  const doomed = made.call('GET_STATUS', {}, { signal: abort.signal });
  abort.abort(new Error('stopped'));
  await assert.rejects(doomed, /stopped/);
  const lost = made.call('PING');
  to.drop();
  await assert.rejects(lost, (/** @type {any} */ error) => error.kind === 'DISCONNECTED');
});

test('more requests than the bridge allows wait for their turn', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '');
  await paired(made, to);
  const answers = await Promise.all(Array.from({ length: 300 }, () => made.call('PING')));
  assert.equal(answers.length, 300);
});

test('all pages of the list of plugins are read, once', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '');
  await paired(made, to);
  assert.deepEqual((await made.listPlugins()).map(({ id }) => id), ['vst3:gain', 'vst3:late', 'vst3:organ', 'vst3:many']);
  const asked = to.called('LIST_PLUGINS');
  await made.listPlugins();
  assert.equal(to.called('LIST_PLUGINS'), asked);
});

test('an error of the bridge keeps its number, name and hint', async () => {
  const to = await bridge();
  const made = manager(to.url ?? '');
  await paired(made, to);
  await assert.rejects(made.call('LOAD_PLUGIN', { plugin_id: 'nope' }), (/** @type {any} */ error) => error.code === 1301 && error.kind === 'PLUGIN_NOT_FOUND');
});
