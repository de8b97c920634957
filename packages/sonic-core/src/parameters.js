// Parameters of a native plugin: values, texts, schedules.
//
// Thread: page. Invariant: what a person turns is sent at most once per answer of the bridge, the newest value wins, and
// a value set elsewhere never fights with a hand on the knob. Deliberately absent: AudioParam objects; a plugin's
// parameters are only known once it is loaded.

import { BridgeEvent } from './bridge-event.js';

/**
 * A parameter as LIST_PARAMS tells it.
 * @typedef {object} ParamRecord
 * @property {number} id @property {string} key @property {string} name @property {string} short @property {string} unit
 * @property {string} group @property {number} min @property {number} max @property {number} default normalized
 * @property {number} value_norm @property {number} value_plain @property {string} text @property {number} steps
 * @property {'float' | 'int' | 'bool' | 'enum'} kind @property {string[]} [labels] @property {string[]} flags
 */

/**
 * What a parameter needs of its node.
 * @typedef {object} ParamHost
 * @property {(param: NativeParam, change: { value: number | string, space: 'norm' | 'plain' | 'text' }) => void} setParamValue
 * @property {(param: NativeParam, step: any) => void} scheduleParam
 * @property {(method: string, params: object) => Promise<any>} callInstance
 * @property {BaseAudioContext} context
 */

/** @typedef {'boolean' | 'choice' | 'meter' | 'bypass' | 'program' | 'hidden' | 'float'} ParamRole */

const CURVE_POINTS = 33;

export class NativeParam extends EventTarget {
  /** @param {ParamRecord} record @param {number} member @param {ParamHost} host */
  constructor(record, member, host) {
    super();
    this.host = host;
    this.member = member;
    this.id = record.id;
    this.key = record.key;
    this.name = record.name;
    this.shortName = record.short || record.name;
    this.units = record.unit ?? '';
    this.group = record.group ?? '';
    this.minValue = record.min;
    this.maxValue = record.max;
    this.steps = record.steps ?? 0;
    this.kind = record.kind;
    this.flags = new Set(record.flags);
    /** @type {string[] | null} */
    this.choices = record.labels?.length ? record.labels : null;
    this.norm = record.value_norm;
    this.plain = record.value_plain;
    this.text = record.text ?? '';
    /** 0 … 1. */
    this.defaultNormalized = record.default;
    /** Plain; exact once the parameter stands there, or its curve is loaded. */
    this.defaultValue = record.value_norm === record.default ? record.value_plain : record.min + record.default * (record.max - record.min);
    /** A hand is on it. */
    this.held = false;
    /** Set here, and the bridge has not answered yet. */
    this.pending = false;
    /** Normalized to plain at even steps; null while unknown. @type {number[] | null} */
    this.curve = null;
    /** Plain values that wait for the curve. @type {Promise<void> | undefined} */
    this.scheduled = undefined;
  }

  /** What kind of control it wants. @returns {ParamRole} */
  get role() {
    if (this.flags.has('hidden')) return 'hidden';
    if (this.flags.has('bypass')) return 'bypass';
    if (this.flags.has('program_change')) return 'program';
    if (this.flags.has('readonly')) return 'meter';
    if (this.kind === 'bool' || this.steps === 1) return 'boolean';
    if (this.choices && this.steps > 0 && this.steps <= 127) return 'choice';
    return 'float';
  }

  /** Plain value, in `units`. */
  get value() {
    return this.plain;
  }

  set value(value) {
    this.host.setParamValue(this, { value, space: 'plain' });
  }

  /** 0 … 1. */
  get normalizedValue() {
    return this.norm;
  }

  set normalizedValue(value) {
    this.norm = Math.min(1, Math.max(0, value));
    this.host.setParamValue(this, { value: this.norm, space: 'norm' });
  }

  /** Sets it by the plugin's own words: "-6 dB". @param {string} text */
  setText(text) {
    this.host.setParamValue(this, { value: text, space: 'text' });
  }

  /** The plugin's words for a value. @param {number} norm @returns {Promise<{ norm: number, plain: number, text: string }>} */
  describe(norm) {
    return this.host.callInstance('PARAM_TO_TEXT', { member: this.member, param: this.id, norm });
  }

  /** A person took hold of it. */
  beginEdit() {
    if (this.held) return;
    this.held = true;
    this.host.callInstance('BEGIN_EDIT', { member: this.member, param: this.id }).catch(() => {});
  }

  /** A person let go of it. */
  endEdit() {
    if (!this.held) return;
    this.held = false;
    this.host.callInstance('END_EDIT', { member: this.member, param: this.id }).catch(() => {});
  }

  /** Learns how plain values lie between minimum and maximum. Needed before plain values of a curved parameter are scheduled. */
  async loadCurve() {
    if (this.curve) return;
    const norms = Array.from({ length: CURVE_POINTS }, (_, index) => index / (CURVE_POINTS - 1));
    const points = await Promise.all([...norms, this.defaultNormalized].map((norm) => this.describe(norm)));
    const plains = points.map(({ plain }) => plain);
    this.defaultValue = /** @type {number} */ (plains.pop());
    this.curve = plains;
  }

  /** Normalized value of a plain one; straight while the curve is not loaded. @param {number} plain */
  normalize(plain) {
    const { curve } = this;
    if (!curve) {
      const width = this.maxValue - this.minValue;
      return width === 0 ? 0 : Math.min(1, Math.max(0, (plain - this.minValue) / width));
    }
    const rising = curve[curve.length - 1] >= curve[0];
    let at = curve.findIndex((point) => (rising ? point >= plain : point <= plain));
    if (at < 0) return 1;
    if (at === 0) return 0;
    const [low, high] = [curve[at - 1], curve[at]];
    return (at - 1 + (high === low ? 0 : (plain - low) / (high - low))) / (curve.length - 1);
  }

  /**
   * Whether plain values can be scheduled without asking the bridge first.
   */
  get curveKnown() {
    return this.curve !== null || this.steps > 0;
  }

  // --- scheduling, as AudioParam has it; `space: 'norm'` takes 0 … 1 --------------------------------------------------

  /** @param {number} value @param {number} time @param {{ space?: 'plain' | 'norm' }} [options] */
  setValueAtTime(value, time, options) {
    return this.schedule('set', value, time, 0, options);
  }

  /** @param {number} value @param {number} time @param {{ space?: 'plain' | 'norm' }} [options] */
  linearRampToValueAtTime(value, time, options) {
    return this.schedule('linear', value, time, 0, options);
  }

  /** @param {number} value @param {number} time @param {{ space?: 'plain' | 'norm' }} [options] */
  exponentialRampToValueAtTime(value, time, options) {
    return this.schedule('exponential', value, time, 0, options);
  }

  /** @param {number} value @param {number} time @param {number} constant seconds @param {{ space?: 'plain' | 'norm' }} [options] */
  setTargetAtTime(value, time, constant, options) {
    return this.schedule('target', value, time, Math.max(1e-6, constant), options);
  }

  /** @param {number} time */
  cancelScheduledValues(time) {
    return this.schedule('cancel', 0, time, 0, { space: 'norm' });
  }

  /**
   * Plain values of a parameter whose curve is not known wait for it, in order.
   * @param {string} op @param {number} value @param {number} time @param {number} constant @param {{ space?: 'plain' | 'norm' }} [options]
   */
  schedule(op, value, time, constant, options = {}) {
    if (!Number.isFinite(value) || !Number.isFinite(time)) throw new TypeError('a value and a time that are finite are needed');
    const go = () => {
      const norm = options.space === 'norm' ? value : this.normalize(value);
      const frame = Math.round(time * this.host.context.sampleRate);
      this.host.scheduleParam(this, { op, frame, value: Math.min(1, Math.max(0, norm)), constant });
    };
    if (!this.scheduled && (options.space === 'norm' || this.curveKnown)) {
      go();
    } else {
      /** @type {Promise<void>} */
      const last = this.scheduled ?? Promise.resolve();
      /** @type {Promise<void>} */
      const mine = last.then(() => this.loadCurve()).catch(() => {}).then(go).finally(() => {
        if (this.scheduled === mine) this.scheduled = undefined;
      });
      this.scheduled = mine;
    }
    return this;
  }

  /**
   * What the bridge says it is now.
   * @param {{ norm: number, plain?: number, text?: string }} now @param {'here' | 'elsewhere' | 'schedule'} by
   */
  update(now, by) {
    this.norm = now.norm;
    if (typeof now.plain === 'number') this.plain = now.plain;
    if (typeof now.text === 'string') this.text = now.text;
    this.dispatchEvent(new BridgeEvent('change', { norm: this.norm, plain: this.plain, text: this.text, by }));
  }

  /** The fields a WAM host wants. */
  toWam() {
    const type = this.role === 'boolean' ? 'boolean' : this.role === 'choice' ? 'choice' : this.kind === 'int' ? 'int' : 'float';
    return {
      id: wamId(this), label: this.name, type, defaultValue: this.defaultValue, minValue: this.minValue, maxValue: this.maxValue,
      discreteStep: this.steps > 0 ? (this.maxValue - this.minValue) / this.steps : 0, exponent: 0, choices: this.choices ?? [], units: this.units,
    };
  }
}

/** @param {NativeParam} param */
export const wamId = (param) => (param.member === 0 ? String(param.id) : `${param.member}:${param.id}`);

/**
 * The parameters of a chain by name. A name that occurs twice gets its number; the first keeps it.
 * @param {NativeParam[]} params
 * @returns {Map<string, NativeParam>}
 */
export function byName(params) {
  /** @type {Map<string, NativeParam>} */
  const map = new Map();
  for (const param of params) {
    const plain = param.member === 0 ? param.name : `${param.member}/${param.name}`;
    map.set(map.has(plain) ? `${plain} #${param.id}` : plain, param);
  }
  return map;
}

/**
 * Values on their way to the bridge: one request under way, the newest value of each parameter waits.
 */
export class ParamSender {
  /** @param {(changes: any[]) => Promise<{ results: any[] }>} send @param {(param: NativeParam, error: any) => void} refused */
  constructor(send, refused) {
    this.send = send;
    this.refused = refused;
    /** @type {Map<NativeParam, { value: number | string, space: string }>} */
    this.waiting = new Map();
    this.busy = false;
  }

  /** @param {NativeParam} param @param {{ value: number | string, space: string }} change */
  set(param, change) {
    param.pending = true;
    this.waiting.set(param, change);
    if (!this.busy) {
      this.busy = true;
      this.done = Promise.resolve().then(() => this.run());
    }
  }

  /** Resolves when everything that was set has been answered. */
  async settled() {
    while (this.busy) await this.done;
  }

  async run() {
    try {
      while (this.waiting.size > 0) {
        const sent = [...this.waiting].slice(0, 256);
        for (const [param] of sent) this.waiting.delete(param);
        const changes = sent.map(([param, change]) => ({ member: param.member, param: param.id, ...change }));
        const { results } = await this.send(changes);
        for (const [index, [param]] of sent.entries()) this.answered(param, results[index]);
      }
    } catch (error) {
      // Without a connection the values stay what they are here; the node sends them when it is back.
      for (const param of this.waiting.keys()) param.pending = false;
      this.waiting.clear();
    } finally {
      this.busy = false;
    }
  }

  /** @param {NativeParam} param @param {any} result */
  answered(param, result) {
    if (this.waiting.has(param)) return;
    param.pending = false;
    const answer = result?.result ?? result;
    if (answer?.error) this.refused(param, answer.error);
    else if (answer?.applied) param.update(answer.applied, 'here');
  }
}
