// Small helpers for elements.

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, any>} [attributes] `onclick` and the like are listeners @param {(Node | string | null)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on') && typeof value === 'function') made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** An icon of the page, drawn by a path. @param {string} path */
export function icon(path) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  made.setAttribute('viewBox', '0 0 24 24');
  made.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  made.append(line);
  return made;
}

export const ICONS = {
  power: 'M12 3v9M6.5 6.5a8 8 0 1 0 11 0', left: 'M15 5l-7 7 7 7', right: 'M9 5l7 7-7 7', close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
};

/** Tells a person something, for a while. @param {string} text @param {'info' | 'error'} [kind] */
export function toast(text, kind = 'info') {
  const made = make('div', { class: `toast ${kind}` }, text);
  byId('toasts').append(made);
  setTimeout(() => made.remove(), kind === 'error' ? 9000 : 4500);
}

/**
 * A modal dialog that removes itself. Resolves with its return value.
 * @param {{ title: string, class?: string }} options @param {(dialog: HTMLDialogElement) => (Node | string)[]} fill
 * @returns {{ dialog: HTMLDialogElement, closed: Promise<string> }}
 */
export function openDialog(options, fill) {
  const dialog = make('dialog', { class: options.class ?? '', 'aria-labelledby': 'dialog-title' });
  const shut = make('button', { type: 'button', class: 'icon', 'aria-label': 'Close', onclick: () => dialog.close('') }, icon(ICONS.close));
  dialog.append(make('header', {}, make('h2', { id: 'dialog-title' }, options.title), shut), ...fill(dialog));
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close('');
  });
  document.body.append(dialog);
  const closed = new Promise((resolve) => dialog.addEventListener('close', () => {
    dialog.remove();
    resolve(dialog.returnValue);
  }));
  dialog.showModal();
  return { dialog, closed: /** @type {Promise<string>} */ (closed) };
}
