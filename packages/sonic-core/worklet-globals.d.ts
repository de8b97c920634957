// What scripts find in an AudioWorkletGlobalScope; TypeScript's own libraries do not have it.

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
  constructor(options?: any);
}
declare function registerProcessor(name: string, constructor: new (options: any) => AudioWorkletProcessor): void;
declare const currentFrame: number;
declare const currentTime: number;
declare const sampleRate: number;
