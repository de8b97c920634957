// Bytes and base64 text, in browsers and in Node alike.
//
// Thread: any. Invariant: what is decoded was strict base64. Deliberately absent: base64url; the wire has none.

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toBase64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromBase64(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  return bytes;
}

/**
 * @param {number} count
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function randomBytes(count) {
  return crypto.getRandomValues(new Uint8Array(count));
}
