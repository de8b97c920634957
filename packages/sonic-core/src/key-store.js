// Where a page keeps the key it got at pairing, and the session it may resume.
//
// Thread: page. Invariant: the key is not extractable, so that a script that reads the store cannot carry it away.
// Deliberately absent: the token's bytes, which are gone once they are imported.

/** Keys are kept by the bridge's address: what it calls itself changes with each start. @typedef {{ keyId: string, key: CryptoKey }} StoredKey */
/** @typedef {{ session: string, lastSeq: number }} StoredSession */

/**
 * @typedef {object} KeyStore
 * @property {(bridge: string) => Promise<StoredKey | null>} getKey
 * @property {(bridge: string, key: StoredKey | null) => Promise<void>} setKey
 * @property {() => StoredSession | null} getSession
 * @property {(session: StoredSession | null) => void} setSession
 */

/** @implements {KeyStore} */
export class MemoryKeyStore {
  constructor() {
    /** @type {Map<string, StoredKey>} */
    this.keys = new Map();
    /** @type {StoredSession | null} */
    this.session = null;
  }

  /** @param {string} bridge */
  async getKey(bridge) {
    return this.keys.get(bridge) ?? null;
  }

  /** @param {string} bridge @param {StoredKey | null} key */
  async setKey(bridge, key) {
    if (key) this.keys.set(bridge, key);
    else this.keys.delete(bridge);
  }

  getSession() {
    return this.session;
  }

  /** @param {StoredSession | null} session */
  setSession(session) {
    this.session = session;
  }
}

const DATABASE = 'sonic-native-bridge';
const KEYS = 'keys';
const SESSION = 'sonic-native-bridge.session';

/**
 * Keys in IndexedDB, the session in sessionStorage (a reload resumes it, another tab does not). What the browser does
 * not allow to be kept is kept in memory.
 * @implements {KeyStore}
 */
export class BrowserKeyStore {
  constructor() {
    this.memory = new MemoryKeyStore();
  }

  /** @returns {Promise<IDBDatabase>} */
  open() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(KEYS);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} act
   * @returns {Promise<T>}
   */
  async with(mode, act) {
    const database = await this.open();
    try {
      return await new Promise((resolve, reject) => {
        const request = act(database.transaction(KEYS, mode).objectStore(KEYS));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    } finally {
      database.close();
    }
  }

  /** @param {string} bridge */
  async getKey(bridge) {
    try {
      return (await this.with('readonly', (store) => store.get(bridge))) ?? (await this.memory.getKey(bridge));
    } catch {
      return this.memory.getKey(bridge);
    }
  }

  /** @param {string} bridge @param {StoredKey | null} key */
  async setKey(bridge, key) {
    await this.memory.setKey(bridge, key);
    try {
      await this.with('readwrite', (store) =>
        /** @type {IDBRequest<any>} */ (key ? store.put(key, bridge) : store.delete(bridge)));
    } catch {
      // A private window: paired until it is closed.
    }
  }

  getSession() {
    try {
      return JSON.parse(sessionStorage.getItem(SESSION) ?? 'null') ?? this.memory.getSession();
    } catch {
      return this.memory.getSession();
    }
  }

  /** @param {StoredSession | null} session */
  setSession(session) {
    this.memory.setSession(session);
    try {
      if (session) sessionStorage.setItem(SESSION, JSON.stringify(session));
      else sessionStorage.removeItem(SESSION);
    } catch {
      // Then a reload begins anew.
    }
  }
}
