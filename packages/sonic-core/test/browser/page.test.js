// The page that the bridge serves, as a person uses it.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { world } from '../support/browser.js';

const PICTURES = process.env.SONIC_SCREENSHOTS ?? fileURLToPath(new URL('../../../../target/screenshots/', import.meta.url));

/** @param {import('playwright-core').Page} page @param {number} lane @param {string} name @param {boolean} [first] */
async function add(page, lane, name, first = false) {
  await page.locator('.lane').nth(lane).getByRole('button', { name: 'Add Module' }).click();
  await page.locator('.menu-item', { hasText: name }).click();
  if (first) await page.getByRole('button', { name: 'I understand, load plugins' }).click();
  await page.locator('.module[data-status=ready]', { hasText: name }).first().waitFor();
}

describe('the rack', () => {
  /** @type {Awaited<ReturnType<typeof world>>} */
  let here;
  /** @type {import('playwright-core').Page} */
  let page;
  before(async () => {
    mkdirSync(PICTURES, { recursive: true });
    here = await world();
    page = await here.open(`/#key=${here.bridge.pageKey}`);
    await page.locator('#bridge[data-state=ready]').waitFor();
  });
  after(async () => {
    await here?.close();
    assert.deepEqual(here?.complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED')), []);
  });
  const level = () => page.evaluate(`Number(document.querySelector('.bars .meter').getAttribute('aria-valuenow'))`);
  /** @param {(level: number) => boolean} good */
  const loud = async (good) => {
    for (let turn = 0; turn < 40; turn++) {
      if (good(/** @type {number} */ (await level()))) return;
      await page.waitForTimeout(100);
    }
    assert.fail(`the meter shows ${await level()} dB`);
  };

  test('the key of the printed address pairs, and does not stay in the address', async () => {
    assert.equal(await page.evaluate('location.hash'), '');
    assert.equal(here.bridge.keys.size, 1);
  });

  test('the warning about native plugins comes before the first load, and never again once accepted', async () => {
    const loads = () => here.bridge.called('LOAD_PLUGIN');
    await page.getByRole('button', { name: 'Add Module' }).click();
    assert.match(await page.locator('.menu').innerText(), /Native Plugins[\s\S]*INSTRUMENTS[\s\S]*Test Organ[\s\S]*EFFECTS/i);
    await page.locator('.menu-item', { hasText: 'Test Gain' }).click();
    await page.locator('dialog', { hasText: 'outside the browser’s sandbox' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(loads(), 0, 'refused is not loaded');
    await add(page, 0, 'Test Gain', true);
    await page.getByRole('button', { name: 'Add Module' }).click();
    await page.locator('.menu-item', { hasText: 'Test Late' }).click();
    await page.locator('.module[data-status=ready]', { hasText: 'Test Late' }).waitFor();
    assert.equal(await page.locator('dialog').count(), 0);
    assert.equal(loads(), 2);
  });

  test('what is played goes through the plugins and turning a knob is heard', async () => {
    await page.getByRole('button', { name: 'Play' }).click();
    await loud((db) => db > -40);
    const gain = page.getByRole('slider', { name: 'Gain' });
    await gain.focus();
    await page.keyboard.press('Home');
    await loud((db) => db <= -59);
    await page.getByRole('button', { name: 'Test Gain on' }).click();
    await loud((db) => db > -40);
    await page.getByRole('button', { name: 'Test Gain on' }).click();
    await loud((db) => db <= -59);
    await gain.focus();
    await page.keyboard.press('Delete');
    await loud((db) => db > -40);
  });

  test('A and B are two settings of one plugin', async () => {
    const card = page.locator('.module', { hasText: 'Test Gain' });
    const gain = card.getByRole('slider', { name: 'Gain' });
    await card.getByRole('button', { name: 'Setting B' }).click();
    await card.locator('button[aria-label="Setting B"][aria-pressed=true]').waitFor();
    await gain.focus();
    for (let turn = 0; turn < 2; turn++) await page.keyboard.press('PageUp');
    await page.waitForTimeout(700);
    assert.equal(await gain.getAttribute('aria-valuenow'), '1.4');
    await card.getByRole('button', { name: 'Setting A' }).click();
    await card.locator('button[aria-label="Setting A"][aria-pressed=true]').waitFor();
    assert.equal(await gain.getAttribute('aria-valuenow'), '1');
    await card.getByRole('button', { name: 'Setting B' }).click();
    await card.locator('button[aria-label="Setting B"][aria-pressed=true]').waitFor();
    assert.equal(await gain.getAttribute('aria-valuenow'), '1.4');
    await card.getByRole('button', { name: 'Setting A' }).click();
    await card.locator('button[aria-label="Setting A"][aria-pressed=true]').waitFor();
  });

  test('presets are chosen and saved', async () => {
    const card = page.locator('.module', { hasText: 'Test Gain' });
    await card.getByRole('combobox', { name: 'Preset' }).selectOption('Soft');
    await card.locator('native-knob[aria-valuenow="0.5"]').waitFor();
    await card.getByRole('button', { name: 'Save as preset' }).click();
    await page.keyboard.type('Mine');
    await page.keyboard.press('Enter');
    await card.getByRole('combobox', { name: 'Preset' }).locator('option', { hasText: 'Mine' }).waitFor({ state: 'attached' });
    await card.getByRole('slider', { name: 'Gain' }).focus();
    await page.keyboard.press('Delete');
  });

  test('lanes are parallel, and arrive together', async () => {
    await page.getByRole('button', { name: '+ Add a parallel lane' }).click();
    await add(page, 1, 'Test Organ');
    assert.equal(await page.locator('#keys').isVisible(), true, 'an instrument brings the keys');
    const [first, second] = await page.evaluate(`sonicRack.rack.lanes.map((lane) => lane.latencySamples)`).then((all) => /** @type {number[]} */ (all));
    assert.ok(first > second);
    assert.equal(await page.evaluate('sonicRack.rack.together.latencySamples'), first);
  });

  test('keys, letters and MIDI messages play the instrument', async () => {
    await page.getByRole('button', { name: 'Stop' }).click();
    await loud((db) => db <= -59);
    const key = /** @type {{ x: number, y: number, width: number, height: number }} */ (await page.locator('[data-key="64"]').boundingBox());
    await page.mouse.move(key.x + 10, key.y + key.height - 10);
    await page.mouse.down();
    await loud((db) => db > -20);
    await page.mouse.up();
    await loud((db) => db <= -59);
    await page.locator('#rack').focus();
    await page.keyboard.down('d');
    await loud((db) => db > -20);
    await page.keyboard.up('d');
    await loud((db) => db <= -59);
  });

  test('what is heard is recorded into a WAV file', async () => {
    await page.getByRole('button', { name: 'Play' }).click();
    await loud((db) => db > -40);
    await page.getByRole('button', { name: 'Record to WAV' }).click();
    await page.waitForTimeout(1200);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Stop recording' }).click()]);
    assert.match(download.suggestedFilename(), /^sonic-rack-.*\.wav$/);
    const file = readFileSync(await download.path());
    assert.equal(file.toString('latin1', 0, 4) + file.toString('latin1', 8, 16), 'RIFFWAVEfmt ');
    assert.equal(file.readUInt16LE(34), 24);
    const rate = file.readUInt32LE(24);
    const seconds = file.readUInt32LE(40) / 6 / rate;
    assert.ok(seconds > 0.8 && seconds < 2.5, `${seconds} s`);
    let loudest = 0;
    for (let at = 44; at + 3 <= file.length; at += 3) loudest = Math.max(loudest, Math.abs(file.readIntLE(at, 3)));
    assert.ok(loudest > 80000, 'there is sound in it');
  });

  test('pictures of the page, in dark, light and on a phone, where nothing sticks out', async () => {
    await page.mouse.move(0, 0);
    for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate('scrollTo(0, 0)');
      await page.waitForTimeout(250);
      await page.screenshot({ path: `${PICTURES}/stand-in-page-${colorScheme}.png` });
    }
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      await page.waitForTimeout(200);
      assert.deepEqual(await page.evaluate(`[...document.querySelectorAll('body *')].filter((at) => at.getBoundingClientRect().right > ${width} && at.getBoundingClientRect().left >= 0).map((at) => at.className || at.tagName)`), [], `at ${width}`);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
      await page.screenshot({ path: `${PICTURES}/stand-in-page-${width}.png` });
    }
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  test('all of it can be reached with the keyboard, and everything has a name', async () => {
    await page.evaluate('document.activeElement.blur(); scrollTo(0, 0)');
    const seen = new Set();
    for (let turn = 0; turn < 120; turn++) {
      await page.keyboard.press('Tab');
      seen.add(await page.evaluate(`(() => { let at = document.activeElement; while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement; return (at?.getAttribute('aria-label') ?? at?.textContent ?? '').trim(); })()`));
    }
    for (const name of ['Add Module', 'Stop', 'Record to WAV', 'Test Gain on', 'Gain', 'Setting A', 'Remove Test Gain', 'Preset', 'Mute', '+ Add a parallel lane', 'Octave up']) {
      assert.ok(seen.has(name), `${name} is not reached by Tab`);
    }
    const nameless = await page.evaluate(`[...document.querySelectorAll('button, select, input, [role]')].filter((at) => !at.closest('[hidden]') && !(at.getAttribute('aria-label') || at.getAttribute('aria-labelledby') || at.textContent.trim() || at.labels?.length || ['status', 'alert'].includes(at.getAttribute('role')))).map((at) => at.outerHTML)`);
    assert.deepEqual(nameless, []);
  });

  test('a reload finds the rack again, with the same instances', async () => {
    await page.waitForTimeout(1300);
    const before = here.bridge.instances.map(({ id }) => id).sort();
    const loads = here.bridge.called('LOAD_PLUGIN');
    await page.reload();
    await page.locator('.module[data-status=ready]').nth(2).waitFor();
    assert.equal(await page.locator('.lane').count(), 2);
    assert.equal(here.bridge.called('LOAD_PLUGIN'), loads);
    await page.waitForTimeout(300);
    assert.deepEqual(here.bridge.instances.map(({ id }) => id).sort(), before);
  });

  test('a killed bridge is said to be gone, and comes back with the settings', async () => {
    const gain = page.locator('.module', { hasText: 'Test Gain' }).getByRole('slider', { name: 'Gain' });
    await gain.focus();
    await page.keyboard.press('PageDown');
    await page.waitForTimeout(1500);
    await here.bridge.stop();
    await page.locator('#bridge[data-state=reconnecting]').waitFor();
    await here.bridge.listen(here.bridge.port);
    await page.locator('#bridge[data-state=ready]').waitFor();
    await page.locator('.module[data-status=ready]').nth(2).waitFor();
    assert.equal(await gain.getAttribute('aria-valuenow'), '0.8');
  });

  test('the service worker keeps the page, and never answers for the bridge', async () => {
    await page.evaluate('navigator.serviceWorker.ready.then(() => new Promise((resolve) => navigator.serviceWorker.controller ? resolve() : navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true })))');
    await page.reload();
    await page.locator('#bridge[data-state=ready]').waitFor();
    const kept = await page.evaluate(`caches.open('sonic-rack-1').then((store) => store.keys()).then((keys) => keys.map(({ url }) => new URL(url).pathname))`).then((all) => /** @type {string[]} */ (all));
    assert.ok(kept.includes('/') && kept.some((path) => path.endsWith('/rack.js')));
    assert.equal(kept.some((path) => path.startsWith('/v1')), false);
    await here.bridge.stop();
    await page.reload();
    await page.locator('#bridge[data-state=absent]').waitFor();
    assert.match(await page.locator('#banner').innerText(), /Start sonic-bridge/);
    await here.bridge.listen(here.bridge.port);
    await page.locator('#bridge[data-state=ready]').waitFor();
  });

  test('removing modules and lanes unloads their plugins', async () => {
    await page.locator('.module[data-status=ready]').nth(2).waitFor();
    await page.getByRole('button', { name: 'Remove this lane' }).nth(1).click();
    await page.getByRole('button', { name: 'Remove Test Gain' }).click();
    await page.getByRole('button', { name: 'Remove Test Late' }).click();
    await page.waitForTimeout(300);
    assert.equal(here.bridge.instances.length, 0);
  });
});

test('the bridge’s own page shows who asks to be let in, with the code, and can refuse', async () => {
  const here = await world();
  const page = await here.open(`/#key=${here.bridge.pageKey}`);
  await page.locator('#bridge[data-state=ready]').waitFor();
  const [session] = here.bridge.sessions.values();
  const asked = { origin: 'https://daw.test', scopes: ['list', 'audio'], code: '123456', warning: 'Native plugins are programs.' };
  session.emit('PAIRING_ASKED', 'lifecycle', asked);
  const dialog = page.getByRole('dialog', { name: 'A page asks to be let in' });
  assert.match(await dialog.innerText(), /https:\/\/daw\.test[\s\S]*123 456/);
  await dialog.getByRole('button', { name: 'Refuse' }).click();
  await page.waitForTimeout(100);
  assert.equal(here.bridge.called('PAIRING_ANSWER'), 1);
  session.emit('PAIRING_ASKED', 'lifecycle', asked);
  await dialog.waitFor();
  session.emit('PAIRING_ENDED', 'lifecycle', { origin: asked.origin, paired: true });
  await dialog.waitFor({ state: 'detached' });
  assert.equal(here.bridge.called('PAIRING_ANSWER'), 1);
  await here.close();
  assert.deepEqual(here.complaints, []);
});

test('a page without a key is paired by the code that the bridge shows', async () => {
  const here = await world();
  const page = await here.open('/');
  await page.locator('#bridge[data-state=pairing]').waitFor();
  await page.locator('#banner').getByRole('button', { name: 'Pair' }).click();
  const code = page.getByRole('textbox', { name: 'Code of six digits' });
  await page.waitForFunction(() => document.activeElement?.classList.contains('code'));
  await page.screenshot({ path: `${PICTURES}/stand-in-pairing.png` });
  await code.fill(here.bridge.code === '000000' ? '111111' : '000000');
  await page.getByText('4 tries left').waitFor();
  await code.fill(here.bridge.code);
  await page.locator('#bridge[data-state=ready]').waitFor();
  assert.equal(await page.locator('dialog').count(), 0);
  await here.close();
  assert.deepEqual(here.complaints, []);
});
