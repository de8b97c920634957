// Where the frames stand that the Rust tests read as well.

import { existsSync, readFileSync } from 'node:fs';

/** Golden frames, shared with the Rust tests. */
export const GOLDEN_FRAMES = new URL('../../../../tests/vectors/frames/', import.meta.url);
/** Set to true once the folder is part of the tree: then its absence is a failure. */
export const GOLDEN_FRAMES_MUST_EXIST = true;

/**
 * @typedef {object} GoldenFrame
 * @property {string} file @property {'bridge' | 'client'} to @property {any} expect @property {Uint8Array} bytes
 */

/** @returns {GoldenFrame[] | null} */
export function goldenFrames() {
  const index = new URL('index.json', GOLDEN_FRAMES);
  if (!existsSync(index)) return null;
  return JSON.parse(readFileSync(index, 'utf8')).map((/** @type {any} */ vector) => ({
    ...vector,
    bytes: new Uint8Array(readFileSync(new URL(vector.file, GOLDEN_FRAMES))),
  }));
}
