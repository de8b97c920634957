import './support/node18.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NativeParam, ParamSender, byName, wamId } from '../src/parameters.js';
import { menuItems } from '../src/ui/plugin-menu.js';
import { trim, withUnit } from '../src/ui/knob.js';

/** @param {any} [more] @param {any} [host] */
const param = (more = {}, host = {}) => new NativeParam({
  id: 1, key: 'vst3:1', name: 'Gain', short: 'Gain', unit: 'dB', group: '', min: -60, max: 12, default: 0.5, value_norm: 0.5, value_plain: -24,
  text: '-24.0', steps: 0, kind: 'float', flags: ['automatable'], ...more,
}, 0, { context: { sampleRate: 48000 }, setParamValue() {}, scheduleParam() {}, callInstance: async () => ({}), ...host });

test('a parameter knows what kind of control it wants', () => {
  const role = (/** @type {any} */ more) => param(more).role;
  assert.equal(role({}), 'float');
  assert.equal(role({ kind: 'bool', steps: 1 }), 'boolean');
  assert.equal(role({ kind: 'enum', steps: 2, labels: ['a', 'b', 'c'] }), 'choice');
  assert.equal(role({ flags: ['readonly'] }), 'meter');
  assert.equal(role({ flags: ['bypass'], steps: 1 }), 'bypass');
  assert.equal(role({ flags: ['program_change'] }), 'program');
  assert.equal(role({ flags: ['hidden', 'readonly'] }), 'hidden');
});

test('plain values of a curved parameter are scheduled once its curve is known, in order', async () => {
  /** @type {any[]} */
  const steps = [];
  const curved = param({ min: 20, max: 20000, default: 0.25 }, {
    scheduleParam: (/** @type {any} */ _, /** @type {any} */ step) => steps.push(step),
    callInstance: async (/** @type {string} */ _, /** @type {any} */ { norm }) => ({ norm, plain: 20 * 1000 ** norm, text: '' }),
  });
  curved.setValueAtTime(20, 0).linearRampToValueAtTime(20000, 1);
  assert.equal(steps.length, 0);
  await curved.scheduled;
  assert.deepEqual(steps.map(({ op, frame }) => [op, frame]), [['set', 0], ['linear', 48000]]);
  assert.equal(steps[0].value, 0);
  assert.equal(steps[1].value, 1);
  curved.setValueAtTime(20 * 1000 ** 0.5, 2);
  assert.ok(Math.abs(steps[2].value - 0.5) < 0.002, 'afterwards at once');
  assert.ok(Math.abs(curved.defaultValue - 20 * 1000 ** 0.25) < 1e-9);
  assert.throws(() => curved.setValueAtTime(NaN, 0), TypeError);
});

test('a hundred turns become few requests, and the last value wins', async () => {
  /** @type {any[][]} */
  const sent = [];
  const sender = new ParamSender(async (changes) => {
    sent.push(changes);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { results: changes.map(({ value }) => ({ applied: { norm: value }, snapped: false })) };
  }, () => assert.fail());
  const one = param();
  for (let turn = 0; turn <= 100; turn++) {
    sender.set(one, { value: turn / 100, space: 'norm' });
    if (turn === 50) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await sender.settled();
  assert.ok(sent.length <= 3, String(sent.length));
  assert.equal(sent.at(-1)?.[0].value, 1);
  assert.equal(one.norm, 1);
  assert.equal(one.pending, false);
});

test('a refused value is told, and the others go on', async () => {
  /** @type {any[]} */
  const refused = [];
  const sender = new ParamSender(async (changes) => ({ results: changes.map(({ param: id }) => (id === 1 ? { error: { code: 1203 } } : { applied: { norm: 0.1 } })) }), (...told) => refused.push(told));
  const [first, second] = [param(), param({ id: 2 })];
  sender.set(first, { value: 9, space: 'plain' });
  sender.set(second, { value: 0.1, space: 'norm' });
  await sender.settled();
  assert.equal(refused.length, 1);
  assert.equal(second.norm, 0.1);
});

test('names that occur twice are told apart, and those of later plugins of a chain too', () => {
  const later = new NativeParam({ ...param(), id: 1, name: 'Gain', flags: [], default: 0, min: 0, max: 1, value_norm: 0, value_plain: 0, text: '', steps: 0, kind: 'float', short: '', unit: '', group: '', key: '' }, 1, /** @type {any} */ ({}));
  assert.deepEqual([...byName([param(), param({ id: 9 }), later]).keys()], ['Gain', 'Gain #9', '1/Gain']);
  assert.equal(wamId(later), '1:1');
});

test('menus hold what can be loaded, found by any of its words', () => {
  const entry = (/** @type {any} */ more) => ({ id: more.name, vendor: 'Acme', version: '1', format: 'vst3', kind: 'effect', categories: ['Fx', 'Reverb'], state: 'OK', ...more });
  const plugins = [entry({ name: 'Room' }), entry({ name: 'Broken', state: 'CRASHED' }), entry({ name: 'Keys', kind: 'instrument', categories: ['Instrument'] })];
  assert.deepEqual(menuItems(plugins).map(({ label }) => label), ['Keys', 'Room']);
  assert.deepEqual(menuItems(plugins, 'acme verb').map(({ label }) => label), ['Room']);
  assert.equal(menuItems(plugins)[1].detail, 'Acme · Reverb');
});

test('units are added where the plugin’s text has none', () => {
  assert.equal(withUnit('-6.0', 'dB'), '-6.0 dB');
  assert.equal(withUnit('-6.0 dB', 'dB'), '-6.0 dB');
  assert.equal(withUnit('1.2 kHz', 'Hz'), '1.2 kHz');
  assert.equal(withUnit('Off', 'dB'), 'Off');
  assert.equal(trim(0.1 + 0.2), '0.3');
});
