// What Node 18 keeps behind a flag and browsers have.

import { webcrypto } from 'node:crypto';

globalThis.crypto ??= /** @type {any} */ (webcrypto);
