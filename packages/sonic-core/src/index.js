// Everything but the extras: what a page needs to find the bridge and to play through it.

export { BridgeError, BridgeEvent } from './bridge-event.js';
export { compensate } from './compensate.js';
export { ConnectionManager } from './connection-manager.js';
export { isLoopbackPage } from './detect.js';
export { BrowserKeyStore, MemoryKeyStore } from './key-store.js';
export { NativePluginNode, PROCESSOR_NAME, PROCESSOR_URL, createNativePluginNode } from './native-plugin-node.js';
export { processBuffer, processChannels, renderOffline } from './offline.js';
export { NativeParam } from './parameters.js';
