// The Add Module menu.

import { openDialog, make } from './dom.js';
import { CATEGORY, menuItems } from '../sonic-core/ui/plugin-menu.js';

/**
 * Lets a person choose a plugin.
 * @param {import('../sonic-core/index.js').ConnectionManager} bridge @param {() => void} showBridge
 * @returns {Promise<import('../sonic-core/index.js').ConnectionManager['plugins'][number] | null>}
 */
export async function choosePlugin(bridge, showBridge) {
  if (!bridge.ready) {
    showBridge();
    return null;
  }
  await bridge.listPlugins().catch(() => []);
  const search = make('input', { type: 'search', placeholder: 'Search by name, maker or kind', 'aria-label': 'Search plugins', autofocus: true });
  const list = make('div', { class: 'menu' });
  const { closed } = openDialog({ title: 'Add Module', class: 'add-module' }, (dialog) => {
    const show = () => {
      const items = menuItems(bridge.plugins, search.value);
      const part = (/** @type {string} */ title, /** @type {typeof items} */ some) => some.length === 0 ? [] : [
        make('h4', {}, title),
        ...some.map((item) => make('button', { type: 'button', class: 'menu-item', 'data-kind': item.kind, onclick: () => dialog.close(item.plugin) },
          make('strong', {}, item.label), make('span', {}, item.detail))),
      ];
      list.replaceChildren(
        make('h3', {}, CATEGORY),
        ...part('Instruments', items.filter(({ kind }) => kind === 'instrument')),
        ...part('Effects', items.filter(({ kind }) => kind !== 'instrument')),
        ...(items.length > 0 ? [] : [make('p', { class: 'hint' }, bridge.plugins.length ? 'Nothing matches.' : 'The bridge has found no plugins yet.')]));
    };
    const scan = make('button', { type: 'button', class: 'quiet', onclick: async () => {
      scan.disabled = true;
      const follow = (/** @type {Event} */ event) => {
        const { done, total, name } = /** @type {any} */ (event).detail;
        scan.textContent = `Looking ${done}/${total} ${name ?? ''}`;
      };
      bridge.addEventListener('scanprogress', follow);
      await bridge.scanPlugins().catch(() => {});
      bridge.removeEventListener('scanprogress', follow);
      scan.disabled = false;
      scan.textContent = 'Look for new plugins';
      show();
    } }, 'Look for new plugins');
    search.addEventListener('input', show);
    dialog.addEventListener('keydown', (event) => {
      const items = [...list.querySelectorAll('button')];
      const at = items.indexOf(/** @type {any} */ (document.activeElement));
      if (event.key === 'ArrowDown') (items[at + 1] ?? items[0])?.focus();
      else if (event.key === 'ArrowUp') at <= 0 ? search.focus() : items[at - 1].focus();
      else if (event.key === 'Enter' && document.activeElement === search) items[0]?.click();
      else return;
      event.preventDefault();
    });
    show();
    return [search, list, make('footer', {}, scan)];
  });
  const chosen = await closed;
  return bridge.plugins.find(({ id }) => id === chosen) ?? null;
}
