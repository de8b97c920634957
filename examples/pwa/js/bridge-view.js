// The bridge in words: its state, pairing, the browser's permission, and the warning about native plugins.

import { byId, make, openDialog, toast } from './dom.js';
import { recall, remember } from './store.js';
import { isLoopbackPage } from '../sonic-core/index.js';

const WORDS = /** @type {Record<string, string>} */ ({
  idle: 'Not connected', 'permission-prompt': 'Connect', 'permission-denied': 'Blocked by the browser', probing: 'Looking …', absent: 'Not running',
  'foreign-server': 'Not the bridge', incompatible: 'Update needed', found: 'Connecting …', pairing: 'Pair', ready: 'Connected', reconnecting: 'Reconnecting …',
  closed: 'Disconnected',
});

const SANDBOX =
  'Native plugins are programs. They run outside the browser’s sandbox, with the same rights as you: they can read your files and use the network. Load only plugins you trust.';

/** Asks once whether native plugins may be loaded. @param {import('../sonic-core/index.js').ConnectionManager} bridge @returns {Promise<boolean>} */
export async function acceptNative(bridge) {
  if (recall('accepted-native', false)) return true;
  const { closed } = openDialog({ title: 'Before the first native plugin', class: 'warning' }, (dialog) => [
    make('p', {}, SANDBOX),
    ...(bridge.warning && bridge.warning !== SANDBOX ? [make('p', { class: 'hint' }, `The bridge says: ${bridge.warning}`)] : []),
    make('footer', {},
      make('button', { type: 'button', class: 'quiet', onclick: () => dialog.close('') }, 'Cancel'),
      make('button', { type: 'button', class: 'primary', autofocus: true, onclick: () => dialog.close('yes') }, 'I understand, load plugins')),
  ]);
  const yes = (await closed) === 'yes';
  if (yes) remember('accepted-native', true);
  return yes;
}

export class BridgeView {
  /** @param {import('../sonic-core/index.js').ConnectionManager} bridge @param {() => import('./rack.js').Rack} rack */
  constructor(bridge, rack) {
    this.bridge = bridge;
    this.rack = rack;
    this.pill = byId('bridge');
    this.pill.addEventListener('click', () => this.open());
    bridge.addEventListener('statechange', () => this.show());
    bridge.addEventListener('error', () => this.show());
    // Only the bridge's own page hears of these.
    bridge.addEventListener('bridgeevent', (event) => {
      const { type, data } = /** @type {any} */ (event).detail;
      if (type === 'PAIRING_ASKED') this.asked(data);
      if (type === 'PAIRING_ENDED') this.asking?.close(data.paired ? 'paired' : 'ended');
    });
    this.show();
  }

  show() {
    const { bridge } = this;
    this.pill.dataset.state = bridge.state;
    byId('bridge-text').replaceChildren(make('span', { class: 'wide' }, 'Bridge: '), WORDS[bridge.state]);
    const banner = byId('banner');
    const parts = this.advice();
    banner.hidden = parts.length === 0;
    banner.replaceChildren(...parts);
  }

  /** What a person can do now, if anything. @returns {(Node | string)[]} */
  advice() {
    const { bridge } = this;
    const button = (/** @type {string} */ text, /** @type {() => void} */ act) => make('button', { type: 'button', class: 'primary', onclick: act }, text);
    const retry = () => bridge.connect({ userGesture: true }).catch((error) => toast(error.message, 'error'));
    switch (bridge.state) {
      case 'permission-prompt':
        return [make('p', {}, make('strong', {}, 'Connect to the bridge on this computer. '),
          'The browser will ask whether this page may reach programs on your device. The bridge is such a program; please allow it.'), button('Connect', retry)];
      case 'permission-denied':
        return [make('p', {}, make('strong', {}, 'The browser blocks the way to the bridge. '),
          'Open the site’s settings beside the address, allow access to “apps on device” (or “local network”), and this page connects by itself.'), button('Try again', retry)];
      case 'absent':
        return [make('p', {}, make('strong', {}, 'The bridge is not running. '), 'Start ', make('code', {}, 'sonic-bridge'), ' on this computer. ',
          isLoopbackPage(location.href) ? 'This page finds it by itself. ' : '',
          // The bridge is silent to pages it does not know; a page cannot tell that from nothing.
          ...(location.origin === bridge.url ? [] : ['If it runs, add ', make('code', {}, location.origin), ' to the allowed origins in its configuration.'])), button('Look again', retry)];
      case 'foreign-server':
        return [make('p', {}, make('strong', {}, 'That is not the bridge. '), bridge.reason), button('Look again', retry)];
      case 'incompatible':
        return [make('p', {}, make('strong', {}, 'The versions do not fit. '), bridge.reason)];
      case 'pairing':
        return [make('p', {}, make('strong', {}, 'Pair this page with the bridge. '), 'The bridge will show a code of six digits in its terminal. ', bridge.pairing?.step === 'needed' && bridge.reason ? bridge.reason : ''),
          button(bridge.pairing?.step === 'code' ? 'Enter the code' : 'Pair', () => this.pair())];
      case 'closed':
        return [make('p', {}, make('strong', {}, 'Not connected. '), bridge.reason), button('Connect', retry)];
      default:
        return [];
    }
  }

  async pair() {
    const { bridge } = this;
    if (this.pairing) return;
    const { dialog, closed } = openDialog({ title: 'Pair with the bridge', class: 'pairing' }, (dialog) => {
      const text = make('p', {}, 'Asking the bridge …');
      const code = make('input', { inputmode: 'numeric', autocomplete: 'one-time-code', pattern: '[0-9]{6}', maxlength: 6, class: 'code', 'aria-label': 'Code of six digits', disabled: true });
      const problem = make('p', { class: 'trouble', role: 'alert', hidden: true });
      const left = make('span', { class: 'hint' });
      const go = make('button', { type: 'submit', class: 'primary', disabled: true }, 'Pair');
      const form = make('form', {}, code, problem, make('footer', {}, left, go));
      const say = (/** @type {string} */ said) => {
        problem.textContent = said;
        problem.hidden = said === '';
      };
      code.addEventListener('input', () => {
        code.value = code.value.replace(/\D/g, '');
        go.disabled = code.value.length !== 6;
        if (code.value.length === 6) form.requestSubmit();
      });
      form.addEventListener('submit', async (event) => {
        event.preventDefault();
        go.disabled = true;
        say('');
        try {
          await bridge.submitCode(code.value);
          dialog.close('paired');
        } catch (error) {
          const tries = bridge.pairing?.left;
          say(`${error instanceof Error ? error.message : error}${tries !== undefined ? ` ${tries} tries left.` : ''}`);
          code.select();
        }
      });
      const begin = async () => {
        try {
          if (bridge.pairing?.step !== 'code') await bridge.pair();
          const { origin, scopes = [], expires = 0 } = bridge.pairing ?? {};
          text.replaceChildren('The bridge shows a code in its terminal. It lets ', make('b', {}, origin ?? location.origin), ` ${scopes.length ? `do this: ${scopes.join(', ')}.` : 'in.'}`);
          code.disabled = false;
          code.focus();
          const tick = setInterval(() => {
            const seconds = Math.max(0, Math.round((expires - Date.now()) / 1000));
            left.textContent = `${seconds} s left`;
            if (!dialog.open || seconds === 0) clearInterval(tick);
          }, 500);
        } catch (error) {
          text.textContent = error instanceof Error ? error.message : String(error);
        }
      };
      begin();
      const ended = () => {
        if (bridge.state === 'pairing' && bridge.pairing?.step === 'needed' && dialog.open) {
          say(bridge.reason);
          code.disabled = go.disabled = true;
        }
      };
      bridge.addEventListener('statechange', ended);
      dialog.addEventListener('close', () => bridge.removeEventListener('statechange', ended));
      return [text, form];
    });
    this.pairing = dialog;
    const how = await closed;
    this.pairing = undefined;
    if (how !== 'paired' && bridge.state === 'pairing' && bridge.pairing?.step !== 'needed') bridge.cancelPairing();
    if (how === 'paired') toast('Paired. The bridge knows this page from now on.');
  }

  /** Another page wants to be let in. @param {{ origin: string, scopes: string[], code: string, warning: string }} data */
  async asked(data) {
    this.asking?.close('');
    const { dialog, closed } = openDialog({ title: 'A page asks to be let in', class: 'asked' }, (dialog) => {
      const scripts = make('input', { type: 'checkbox', id: 'may-script', checked: data.scopes.includes('script.write') });
      scripts.addEventListener('change', () => this.bridge.call('PAIRING_ANSWER', { scripts: scripts.checked }).catch(() => {}));
      return [
        make('p', {}, make('b', {}, data.origin), ` wants to use the bridge for: ${data.scopes.join(', ')}.`),
        make('p', {}, 'If that is you, type this code there:'),
        make('output', { class: 'code' }, `${data.code.slice(0, 3)} ${data.code.slice(3)}`),
        make('p', { class: 'hint' }, data.warning),
        make('label', { class: 'check', for: 'may-script' }, scripts, 'It may also change scripts, which are programs'),
        make('footer', {}, make('button', { type: 'button', class: 'quiet', onclick: () => dialog.close('refuse') }, 'Refuse')),
      ];
    });
    this.asking = dialog;
    const how = await closed;
    if (this.asking === dialog) this.asking = undefined;
    if (how === 'refuse') this.bridge.call('PAIRING_ANSWER', { refuse: true }).catch(() => {});
    if (how === 'paired') toast(`${data.origin} was let in.`);
  }

  open() {
    const { bridge } = this;
    const rack = this.rack();
    openDialog({ title: 'Bridge', class: 'bridge' }, (dialog) => {
      const rows = make('dl', { class: 'rows' });
      const tools = make('footer', {});
      const show = () => {
        const row = (/** @type {string} */ name, /** @type {string} */ value) => make('div', {}, make('dt', {}, name), make('dd', {}, value));
        const { context } = rack;
        rows.replaceChildren(
          row('State', WORDS[bridge.state]), ...(bridge.reason ? [row('Detail', bridge.reason)] : []), row('Address', bridge.url),
          ...(bridge.ready ? [row('Plugins', String(bridge.plugins.length)), row('Allowed', bridge.scopes.join(', '))] : []),
          row('Sound', `${context.sampleRate / 1000} kHz, ${bridge.transport.bell ? 'shared memory' : 'messages (this page is not cross-origin isolated)'}`));
        tools.replaceChildren(...this.tools(dialog));
      };
      const depth = make('select', { id: 'depth' }, ...[0, 2, 4, 6, 8, 12, 16, 24, 32, 48].map((value) => make('option', { value, selected: value === rack.depth },
        value === 0 ? 'Automatic' : `${value} quanta, ${((value * 128000) / rack.context.sampleRate).toFixed(1)} ms`)));
      depth.addEventListener('change', () => rack.setDepth(Number(depth.value)));
      bridge.addEventListener('statechange', show);
      dialog.addEventListener('close', () => bridge.removeEventListener('statechange', show));
      show();
      return [rows, make('label', { class: 'field', for: 'depth' }, 'Buffer', depth),
        make('p', { class: 'hint' }, 'A longer buffer has fewer underruns and more latency.'), tools];
    });
  }

  /** @param {HTMLDialogElement} dialog */
  tools(dialog) {
    const { bridge } = this;
    const button = (/** @type {string} */ text, /** @type {() => any} */ act, primary = false) =>
      make('button', { type: 'button', class: primary ? 'primary' : 'quiet', onclick: () => Promise.resolve(act()).catch((/** @type {any} */ error) => toast(error.message, 'error')) }, text);
    if (bridge.state === 'ready') {
      return [button('Forget pairing', async () => {
        await bridge.forget();
        dialog.close();
      }), button('Disconnect', () => bridge.close())];
    }
    if (bridge.state === 'pairing') return [button('Pair', () => {
      dialog.close();
      this.pair();
    }, true)];
    return [button('Connect', () => bridge.connect({ userGesture: true }), true)];
  }
}
