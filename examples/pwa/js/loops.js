// Demo loops, made in code: nothing to fetch, nothing to license.
//
// Each is two bars at 96 beats a minute, rendered once by an offline context of the page's rate.

const BPM = 96;
const BEAT = 60 / BPM;
const BEATS = 8;

export const LOOPS = { groove: 'Groove', drums: 'Drums', chords: 'Chords', pluck: 'Plucks' };

/** @param {number} key */
const hertz = (key) => 440 * 2 ** ((key - 69) / 12);

/** @typedef {{ context: OfflineAudioContext, out: AudioNode, noise: AudioBuffer }} Kit */

/** @param {Kit} kit @param {number} at @param {number} [level] */
function kick({ context, out }, at, level = 0.9) {
  const tone = new OscillatorNode(context, { frequency: 150 });
  const gain = new GainNode(context, { gain: level });
  tone.frequency.setValueAtTime(150, at);
  tone.frequency.exponentialRampToValueAtTime(44, at + 0.11);
  gain.gain.setValueAtTime(level, at);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.34);
  tone.connect(gain).connect(out);
  tone.start(at);
  tone.stop(at + 0.36);
}

/** @param {Kit} kit @param {number} at @param {number} length @param {number} level @param {BiquadFilterType} type @param {number} frequency */
function noise({ context, out, noise: buffer }, at, length, level, type, frequency) {
  const source = new AudioBufferSourceNode(context, { buffer });
  const filter = new BiquadFilterNode(context, { type, frequency, Q: 0.8 });
  const gain = new GainNode(context, { gain: level });
  gain.gain.setValueAtTime(level, at);
  gain.gain.exponentialRampToValueAtTime(0.0008, at + length);
  source.connect(filter).connect(gain).connect(out);
  source.start(at, (at * 7.3) % 0.5);
  source.stop(at + length);
}

/** @param {Kit} kit @param {number} at */
function snare(kit, at, level = 0.5) {
  noise(kit, at, 0.2, level, 'highpass', 1400);
  const tone = new OscillatorNode(kit.context, { type: 'triangle', frequency: 190 });
  const gain = new GainNode(kit.context);
  gain.gain.setValueAtTime(level * 0.7, at);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.12);
  tone.connect(gain).connect(kit.out);
  tone.start(at);
  tone.stop(at + 0.13);
}

/** @param {Kit} kit */
function drums(kit) {
  for (const beat of [0, 1.75, 2.5, 4, 5.75, 6.5]) kick(kit, beat * BEAT);
  for (const beat of [1, 3, 5, 7]) snare(kit, beat * BEAT);
  snare(kit, 7.75 * BEAT, 0.16);
  for (let step = 0; step < BEATS * 4; step++) {
    // A little late on the off-beats: it swings.
    const at = (step / 4 + (step % 2 ? 0.035 : 0)) * BEAT;
    noise(kit, at, step % 8 === 6 ? 0.16 : 0.045, [0.2, 0.07, 0.14, 0.07][step % 4], 'highpass', 7800);
  }
}

/** A key of an electric piano. @param {Kit} kit @param {number} at @param {number} key @param {number} length @param {number} level @param {number} pan */
function tine({ context, out }, at, key, length, level, pan) {
  const frequency = hertz(key);
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(level, at + 0.006);
  gain.gain.setTargetAtTime(level * 0.28, at + 0.01, 0.5);
  gain.gain.setTargetAtTime(0, at + length, 0.09);
  const place = new StereoPannerNode(context, { pan });
  gain.connect(place).connect(out);
  for (const [ratio, share, decay] of [[1, 1, 1], [2, 0.18, 0.7], [7.02, 0.11, 0.12]]) {
    const tone = new OscillatorNode(context, { frequency: frequency * ratio });
    const part = new GainNode(context, { gain: share });
    if (decay < 1) part.gain.setTargetAtTime(0, at + 0.01, decay);
    tone.connect(part).connect(gain);
    tone.start(at);
    tone.stop(Math.min(BEATS * BEAT, at + length + 0.5));
  }
}

const CHORDS = [[45, 60, 64, 67, 71], [41, 60, 64, 65, 69], [48, 59, 62, 64, 67], [43, 59, 62, 65, 69]];

/** @param {Kit} kit */
function chords(kit) {
  CHORDS.forEach((chord, index) => {
    const at = index * 2 * BEAT;
    chord.forEach((key, voice) => tine(kit, at + voice * 0.012, key, 1.35 * BEAT, voice === 0 ? 0.16 : 0.1, (voice - 2) / 4));
    chord.slice(1).forEach((key, voice) => tine(kit, at + 1.5 * BEAT + voice * 0.008, key, 0.3 * BEAT, 0.055, (1.5 - voice) / 4));
  });
}

/** @param {Kit} kit */
function bass({ context, out }) {
  const line = [[0, 33, 0.7], [0.75, 33, 0.2], [1.5, 45, 0.3], [2, 29, 0.7], [3.5, 41, 0.3], [4, 36, 0.7], [5.5, 48, 0.3], [6, 31, 0.7], [7, 43, 0.2], [7.5, 32, 0.4]];
  for (const [beat, key, length] of line) {
    const at = beat * BEAT;
    const tone = new OscillatorNode(context, { type: 'sawtooth', frequency: hertz(key) });
    const filter = new BiquadFilterNode(context, { type: 'lowpass', frequency: 900, Q: 3 });
    filter.frequency.setValueAtTime(900, at);
    filter.frequency.exponentialRampToValueAtTime(170, at + 0.25);
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.24, at + 0.008);
    gain.gain.setTargetAtTime(0, at + length * BEAT, 0.03);
    tone.connect(filter).connect(gain).connect(out);
    tone.start(at);
    tone.stop(at + length * BEAT + 0.3);
  }
}

/** @param {Kit} kit */
function plucks({ context, out }) {
  const pattern = [57, 64, 69, 71, 72, 71, 69, 64, 53, 60, 69, 72, 76, 72, 69, 60, 55, 64, 67, 71, 74, 71, 67, 64, 55, 62, 65, 71, 74, 77, 74, 71];
  pattern.forEach((key, step) => {
    const at = (step / 4) * BEAT;
    const tone = new OscillatorNode(context, { type: 'triangle', frequency: hertz(key) });
    const gain = new GainNode(context);
    gain.gain.setValueAtTime(0.3, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.32);
    tone.connect(gain).connect(new StereoPannerNode(context, { pan: Math.sin(step * 1.7) * 0.6 })).connect(out);
    tone.start(at);
    tone.stop(at + 0.34);
  });
}

const PARTS = /** @type {Record<string, ((kit: Kit) => void)[]>} */ ({ groove: [drums, bass, chords], drums: [drums], chords: [chords], pluck: [plucks] });
/** @type {Map<string, Promise<AudioBuffer>>} */
const made = new Map();

/** @param {string} name @param {number} sampleRate @returns {Promise<AudioBuffer>} */
export function loop(name, sampleRate) {
  const key = `${name}@${sampleRate}`;
  const known = made.get(key);
  if (known) return known;
  const context = new OfflineAudioContext({ numberOfChannels: 2, length: Math.round(BEATS * BEAT * sampleRate), sampleRate });
  const out = new GainNode(context, { gain: 0.8 });
  out.connect(context.destination);
  const buffer = new AudioBuffer({ length: sampleRate, sampleRate });
  const hiss = buffer.getChannelData(0);
  let seed = 1;
  for (let index = 0; index < hiss.length; index++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    hiss[index] = seed / 2147483648;
  }
  for (const part of PARTS[name] ?? []) part({ context, out, noise: buffer });
  const rendered = context.startRendering();
  made.set(key, rendered);
  return rendered;
}
