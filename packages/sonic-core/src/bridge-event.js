// Events and errors of this library.
//
// Thread: any. Invariant: `detail` is plain data. Deliberately absent: CustomEvent, which Node 18 has not.

export class BridgeEvent extends Event {
  /** @param {string} type @param {any} [detail] */
  constructor(type, detail = null) {
    super(type);
    this.detail = detail;
  }
}

/** What the bridge, or the way to it, answered instead of a result. */
export class BridgeError extends Error {
  /**
   * @param {string} message a sentence
   * @param {{ code?: number, kind?: string, retry?: boolean, hint?: string, data?: any }} [more]
   */
  constructor(message, more = {}) {
    super(message);
    this.name = 'BridgeError';
    /** The bridge's number, 0 when the bridge did not say it. */
    this.code = more.code ?? 0;
    /** The stable name: PLUGIN_NOT_FOUND … */
    this.kind = more.kind ?? 'BRIDGE';
    this.retry = more.retry ?? false;
    this.hint = more.hint ?? null;
    this.data = more.data ?? null;
  }

  /** @param {any} error the `error` of a JSON-RPC answer */
  static from(error) {
    const data = error?.data ?? {};
    return new BridgeError(String(error?.message ?? 'the bridge answered with an error'), {
      code: error?.code, kind: data.kind, retry: data.retry, hint: data.hint, data,
    });
  }
}
