// WAV files: 24 bit, which every program reads.

/** @param {Float32Array[][]} chunks per chunk its channels @param {number} sampleRate @returns {Blob} */
export function wav(chunks, sampleRate) {
  const channels = 2;
  const frames = chunks.reduce((sum, [left]) => sum + left.length, 0);
  const bytes = frames * channels * 3;
  const view = new DataView(new ArrayBuffer(44 + bytes + (bytes & 1)));
  const text = (/** @type {number} */ at, /** @type {string} */ word) => [...word].forEach((sign, index) => view.setUint8(at + index, sign.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + bytes + (bytes & 1), true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 3, true);
  view.setUint16(32, channels * 3, true);
  view.setUint16(34, 24, true);
  text(36, 'data');
  view.setUint32(40, bytes, true);
  let at = 44;
  for (const chunk of chunks) {
    for (let index = 0; index < chunk[0].length; index++) {
      for (let channel = 0; channel < channels; channel++) {
        const value = Math.round(Math.max(-1, Math.min(1, chunk[channel][index])) * 8388607);
        view.setUint8(at++, value & 255);
        view.setUint8(at++, (value >> 8) & 255);
        view.setUint8(at++, (value >> 16) & 255);
      }
    }
  }
  return new Blob([view.buffer], { type: 'audio/wav' });
}
