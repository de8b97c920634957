// Is the bridge there, and may this page ask?
//
// Thread: page. Invariant: nothing is sent while asking would make the browser prompt, unless a person clicked.
// Deliberately absent: trying several ports; each try may prompt.

import { BRIDGE_APP, PROTOCOL } from './protocol.js';

/** @typedef {'granted' | 'prompt' | 'denied' | 'unsupported'} Access */

/**
 * @typedef {object} Surroundings
 * @property {typeof globalThis.fetch} fetch
 * @property {Permissions | undefined} permissions
 * @property {string} pageUrl
 */

/** @typedef {{ app: string, version: string, protocol: number[], instance_id: string, os?: string }} Hello */

/**
 * @typedef {object} Detection
 * @property {'found' | 'permission-prompt' | 'permission-denied' | 'absent' | 'foreign-server' | 'incompatible'} state
 * @property {string} reason a sentence for people
 * @property {Hello | null} hello
 */

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const PROBE_MS = 1500;

/** A page that comes from this computer may talk to it without being asked. @param {string} pageUrl */
export function isLoopbackPage(pageUrl) {
  try {
    return LOOPBACK.test(new URL(pageUrl).hostname);
  } catch {
    return false;
  }
}

/** Chrome's names, newest first. */
const NAMES = ['loopback-network', 'local-network-access'];

/** @param {Surroundings} around @returns {Promise<PermissionStatus | null>} */
export async function accessStatus(around) {
  for (const name of NAMES) {
    try {
      const status = await around.permissions?.query({ name: /** @type {any} */ (name) });
      if (status) return status;
    } catch {
      // This browser does not know the name.
    }
  }
  return null;
}

/** @param {Surroundings} around @returns {Promise<Access>} */
export async function access(around) {
  if (isLoopbackPage(around.pageUrl)) return 'granted';
  return (await accessStatus(around))?.state ?? 'unsupported';
}

/**
 * @param {string} base @param {Surroundings} around @param {{ userGesture?: boolean, signal?: AbortSignal }} [options]
 * @returns {Promise<Detection>}
 */
export async function detect(base, around, options = {}) {
  const before = await access(around);
  if (before === 'denied') return denied();
  if (before === 'prompt' && !options.userGesture) {
    return answer('permission-prompt', 'The browser will ask whether this page may reach programs on this computer.');
  }
  let response;
  try {
    // Unknown members are ignored by browsers that do not know them.
    response = await around.fetch(new URL('/v1/hello', base), /** @type {any} */ ({
      mode: 'cors', credentials: 'omit', cache: 'no-store', targetAddressSpace: 'loopback',
      signal: timeout(before === 'prompt' ? 60000 : PROBE_MS, options.signal),
    }));
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    if ((await access(around)) === 'denied') return denied();
    return (await somebodyAnswers(base, around)) ? refused(base, around) : absent(base, around, error);
  }
  let hello = null;
  try {
    if (response.ok) hello = await response.json();
  } catch {
    // Not JSON: not the bridge.
  }
  if (hello?.app !== BRIDGE_APP) return answer('foreign-server', `Another program answers at ${base}.`);
  if (!Array.isArray(hello.protocol) || !hello.protocol.includes(PROTOCOL)) {
    const why = `The bridge ${hello.version} speaks protocol ${hello.protocol}, this page speaks ${PROTOCOL}. Update the older one.`;
    return { state: 'incompatible', reason: why, hello };
  }
  return { state: 'found', reason: `sonic-bridge ${hello.version}`, hello };
}

/** A program without CORS headers, or a bridge that does not know this page. @param {string} base @param {Surroundings} around */
async function somebodyAnswers(base, around) {
  try {
    await around.fetch(new URL('/v1/hello', base), { mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal: timeout(PROBE_MS) });
    return true;
  } catch {
    return false;
  }
}

/** @param {number} ms @param {AbortSignal} [other] */
function timeout(ms, other) {
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(new Error('no answer in time')), ms);
  own.signal.addEventListener('abort', () => clearTimeout(timer));
  /** @type {any} */ (timer).unref?.();
  other?.addEventListener('abort', () => own.abort(other.reason));
  return own.signal;
}

/** @param {Detection['state']} state @param {string} reason @returns {Detection} */
const answer = (state, reason) => ({ state, reason, hello: null });

const denied = () =>
  answer('permission-denied', 'The browser does not let this page reach programs on this computer. Allow it in the site’s settings.');

/** @param {string} url */
const originOf = (url) => {
  try {
    return new URL(url).origin;
  } catch {
    return 'this page';
  }
};

/** @param {string} base @param {Surroundings} around */
const refused = (base, { pageUrl }) =>
  answer('foreign-server', `A program answers at ${base}, but not to this page: it is not the bridge, or its list of allowed origins lacks ${originOf(pageUrl)}.`);

/** A bridge may hide from pages that it does not know. @param {string} base @param {Surroundings} around @param {unknown} error */
const absent = (base, { pageUrl }, error) => {
  const own = originOf(pageUrl);
  const hidden = own === originOf(base) ? '' : ` If it runs, its list of allowed origins lacks ${own}.`;
  return answer('absent', `Nothing answers at ${base}. Start sonic-bridge on this computer.${hidden} (${error instanceof Error ? error.message : error})`);
};
