// The worker's place in Node: text over a real socket, no sound.

import WebSocket from 'ws';

export class SocketTransport {
  /** @param {string} origin */
  constructor(origin) {
    this.origin = origin;
    this.bell = null;
    this.signal = false;
  }

  /** @param {string} url @param {string[]} protocols @param {import('../../src/worker-transport.js').SocketHandlers} handlers */
  open(url, protocols, handlers) {
    const socket = new WebSocket(url, protocols, { origin: this.origin });
    socket.on('open', () => handlers.open(socket.protocol));
    socket.on('message', (data, binary) => binary || handlers.text(String(data)));
    socket.on('close', (code, reason) => handlers.close(code, String(reason)));
    socket.on('error', () => {});
    return {
      send: (/** @type {string} */ text) => socket.readyState === WebSocket.OPEN && socket.send(text),
      close: (/** @type {number} */ code, /** @type {string} */ reason) => socket.close(code, reason),
    };
  }

  dispose() {}
}

/** `fetch` as a page of this origin has it: the answer is hidden unless its headers allow it. @param {string} origin */
export const pageFetch = (origin) => /** @type {typeof fetch} */ (async (input, init) => {
  const response = await fetch(input, { signal: init?.signal, headers: { origin } });
  if (init?.mode === 'no-cors') return new Response(null, { status: 200 });
  if (![origin, '*'].includes(response.headers.get('access-control-allow-origin') ?? '')) throw new TypeError('Failed to fetch');
  return response;
});

/** A permission of the browser. @param {'granted' | 'prompt' | 'denied'} state */
export function permission(state) {
  const status = { state, onchange: /** @type {null | (() => void)} */ (null) };
  return {
    asked: 0,
    set(/** @type {'granted' | 'prompt' | 'denied'} */ next) {
      status.state = next;
      status.onchange?.();
    },
    permissions: /** @type {any} */ ({
      query: async (/** @type {{ name: string }} */ { name }) => {
        if (name !== 'loopback-network') throw new TypeError(name);
        return status;
      },
    }),
  };
}
