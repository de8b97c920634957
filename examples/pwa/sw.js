// The page without a network: what was seen last is shown when the server does not answer.
//
// Invariant: requests to the bridge (`/v1/…`, other origins) are not answered here, so they reach it as if there were no
// worker. Deliberately absent: a list of files; what the page asks for is kept.

const STORE = 'sonic-rack-1';
const worker = /** @type {any} */ (self);

worker.addEventListener('install', () => worker.skipWaiting());

worker.addEventListener('activate', (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== STORE) await caches.delete(name);
    await worker.clients.claim();
  })());
});

/** @param {URL} url @param {Request} request */
const isOurs = (url, request) => request.method === 'GET' && url.origin === location.origin && !url.pathname.startsWith('/v1/');

worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (!isOurs(url, event.request)) return;
  event.respondWith((async () => {
    const store = await caches.open(STORE);
    try {
      const fresh = await fetch(event.request);
      if (fresh.ok && fresh.type === 'basic') store.put(event.request, fresh.clone());
      return fresh;
    } catch (error) {
      const kept = await store.match(event.request, { ignoreSearch: event.request.mode === 'navigate' });
      if (kept) return kept;
      throw error;
    }
  })());
});
