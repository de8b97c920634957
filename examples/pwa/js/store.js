// What the page remembers. Where the browser keeps nothing, it remembers for as long as it is open.

const PREFIX = 'sonic-rack.';
/** @type {Map<string, any>} */
const memory = new Map();

/** @template T @param {string} name @param {T} fallback @returns {T} */
export function recall(name, fallback) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    if (text !== null) return JSON.parse(text);
  } catch {
    // Then from memory.
  }
  return memory.has(name) ? memory.get(name) : fallback;
}

/** @param {string} name @param {any} value */
export function remember(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full, or not allowed.
  }
}
