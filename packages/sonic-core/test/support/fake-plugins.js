// Plugins of the fake bridge. Each is exact, so that sound can be compared bit by bit.

/**
 * @typedef {object} Param
 * @property {number} id @property {string} name @property {string} unit @property {string} group
 * @property {number} min @property {number} max @property {number} norm @property {number} def
 * @property {number} steps @property {string} kind @property {string[]} [labels] @property {string[]} flags
 * @property {(norm: number) => number} plain @property {(norm: number) => string} text
 */

/** @param {Partial<Param> & { id: number, name: string }} more @returns {Param} */
const param = (more) => {
  const min = more.min ?? 0;
  const max = more.max ?? 1;
  const def = more.def ?? 0.5;
  const plain = more.plain ?? ((norm) => min + norm * (max - min));
  return {
    unit: '', group: '', min, max, def, norm: def, steps: 0, kind: 'float', flags: ['automatable'], plain,
    text: (norm) => plain(norm).toFixed(2), ...more,
  };
};

class Plugin {
  latency = 0;
  inputs = 2;
  /** @type {Param[]} */
  params = [];
  presets = ['Soft', 'Hard'];
  preset = '';

  /** @param {number} id */
  param(id) {
    return this.params.find((entry) => entry.id === id);
  }

  reset() {}

  /** @param {any} _event */
  event(_event) {}
}

/** Sample times 2·norm: exactly itself at the default. */
export class Gain extends Plugin {
  params = [
    param({ id: 1, name: 'Gain', min: 0, max: 2, unit: 'x' }),
    param({ id: 2, name: 'Polarity', def: 0, steps: 1, kind: 'bool', text: (norm) => (norm >= 0.5 ? 'Inverted' : 'Normal') }),
    param({
      id: 3, name: 'Mode', def: 0, steps: 2, min: 0, max: 2, kind: 'enum', labels: ['Clean', 'Warm', 'Hot'], group: 'Colour',
      plain: (norm) => Math.round(norm * 2), text: (norm) => ['Clean', 'Warm', 'Hot'][Math.round(norm * 2)],
    }),
    param({
      id: 4, name: 'Cutoff', min: 20, max: 20000, unit: 'Hz', group: 'Colour',
      plain: (norm) => 20 * 1000 ** norm, text: (norm) => `${Math.round(20 * 1000 ** norm)} Hz`,
    }),
    param({ id: 5, name: 'Level', def: 0, flags: ['readonly'], group: 'Colour' }),
  ];

  /** @param {Float32Array[]} input @param {Float32Array[]} output @param {number} from @param {number} to */
  run(input, output, from, to) {
    const gain = this.params[0].norm * 2 * (this.params[1].norm >= 0.5 ? -1 : 1);
    for (let channel = 0; channel < output.length; channel++) {
      for (let index = from; index < to; index++) output[channel][index] = Math.fround(input[channel][index] * gain);
    }
  }
}

/** Delays by 100 samples, and says so. */
export class Late extends Plugin {
  latency = 100;
  line = [new Float32Array(100), new Float32Array(100)];
  at = 0;

  reset() {
    for (const line of this.line) line.fill(0);
  }

  /** @param {Float32Array[]} input @param {Float32Array[]} output @param {number} from @param {number} to */
  run(input, output, from, to) {
    const start = this.at;
    for (let channel = 0; channel < output.length; channel++) {
      this.at = start;
      for (let index = from; index < to; index++) {
        const was = this.line[channel][this.at];
        this.line[channel][this.at] = input[channel][index];
        output[channel][index] = was;
        this.at = (this.at + 1) % 100;
      }
    }
  }
}

/** A constant as loud as the velocity of the last note, while it is held. */
export class Organ extends Plugin {
  inputs = 0;
  params = [param({ id: 1, name: 'Volume', def: 1 })];
  /** @type {Map<number, number>} */
  held = new Map();

  reset() {
    this.held.clear();
  }

  /** @param {{ kind: number, id: number, value: number }} event */
  event(event) {
    if (event.kind === 2) this.held.set(event.id, event.value);
    if (event.kind === 3) this.held.delete(event.id);
  }

  /** @param {Float32Array[]} _input @param {Float32Array[]} output @param {number} from @param {number} to */
  run(_input, output, from, to) {
    let sum = 0;
    for (const velocity of this.held.values()) sum += velocity;
    for (const channel of output) channel.fill(sum * this.params[0].norm, from, to);
  }
}

/** Many parameters. */
export class Many extends Gain {
  params = [
    param({ id: 1, name: 'Gain', min: 0, max: 2 }), param({ id: 2, name: 'Polarity', def: 0, steps: 1, kind: 'bool' }),
    ...Array.from({ length: 60 }, (_, index) =>
      param({ id: 10 + index, name: `Band ${Math.floor(index / 6) + 1} ${['Gain', 'Freq', 'Q', 'Type', 'Mix', 'Drive'][index % 6]}`, group: `Band ${Math.floor(index / 6) + 1}` })),
  ];
}

/** @type {Record<string, { make: () => Plugin & { run: Function }, name: string, vendor: string, kind: string, categories: string[] }>} */
export const PLUGINS = {
  'vst3:gain': { make: () => new Gain(), name: 'Test Gain', vendor: 'Tests', kind: 'effect', categories: ['Fx', 'Dynamics'] },
  'vst3:late': { make: () => new Late(), name: 'Test Late', vendor: 'Tests', kind: 'effect', categories: ['Fx', 'Delay'] },
  'vst3:organ': { make: () => new Organ(), name: 'Test Organ', vendor: 'Others', kind: 'instrument', categories: ['Instrument'] },
  'vst3:many': { make: () => new Many(), name: 'Test Many', vendor: 'Others', kind: 'effect', categories: ['Fx', 'EQ'] },
};
