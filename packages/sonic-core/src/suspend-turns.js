// Offline contexts of pages that are not isolated: the context stops now and then until the bridge has caught up.
//
// Thread: page. Invariant: the context goes on only when every node of it has the results of what it sent, so nothing is
// missing. Deliberately absent: contexts without suspend(); the node refuses those.

/** Quanta between two stops, which is also the latency in quanta. */
export const SUSPEND_DEPTH = 32;

/** @typedef {{ whenReady(): Promise<void>, sync(): Promise<void> }} TurnNode */

/** @type {WeakMap<object, Turns>} */
const all = new WeakMap();

class Turns {
  /** @param {OfflineAudioContext} context @param {number} block */
  constructor(context, block) {
    this.context = context;
    this.block = block;
    /** @type {Set<TurnNode>} */
    this.nodes = new Set();
    this.stop(0);
  }

  /** @param {number} quantum */
  stop(quantum) {
    const { context } = this;
    const frame = quantum * this.block;
    if (frame >= context.length) return;
    context.suspend(frame / context.sampleRate).then(async () => {
      for (const node of this.nodes) {
        // A plugin that cannot be loaded does not keep the context from going on.
        if (quantum === 0) await node.whenReady().catch(() => {});
        else await node.sync();
      }
      this.stop(quantum + SUSPEND_DEPTH);
      await context.resume();
    });
  }
}

/** @param {OfflineAudioContext} context @param {TurnNode} node @param {number} block */
export function suspendTurns(context, node, block) {
  let turns = all.get(context);
  if (!turns) {
    turns = new Turns(context, block);
    all.set(context, turns);
  }
  turns.nodes.add(node);
  return turns;
}
