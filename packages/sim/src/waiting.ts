/** What each node waits for, in words: the first thing one wants to know of a run that stalls. */
import type { SimEvent } from './kernel/event-queue.ts';
import type { SimNode } from './node.ts';

/** One line per node: its state, its timers, messages on their way to it, syncs under way. */
export function describeWaiting(
  nodes: readonly SimNode[],
  pending: Iterable<SimEvent>,
  nowMs: number,
): string {
  const events = [...pending, ...nodes.flatMap((node) => node.held)];
  return nodes.map((node) => `  ${describeNode(node, events, nowMs)}`).join('\n');
}

function describeNode(node: SimNode, events: readonly SimEvent[], nowMs: number): string {
  const { id, state, boot, life } = node;
  if (state === 'crashed' || state === 'stopped') return `${id}: ${state}`;
  let timers = 0;
  let messages = 0;
  let syncs = 0;
  let nextMs = Number.POSITIVE_INFINITY;
  for (const event of events) {
    if (event.machine !== node || (event.owner !== undefined && event.owner !== life)) continue;
    if (event.kind === 'timer') {
      timers += 1;
      nextMs = Math.min(nextMs, event.at);
    } else if (event.kind === 'message') messages += 1;
    else if (event.kind === 'sync') syncs += 1;
  }
  const parts = [
    timers === 0 ? 'no timer' : `${timers} timers (next in ${nextMs - nowMs} ms)`,
    `${messages} messages on their way to it`,
    `${syncs} syncs under way`,
    `connected with ${[...(node.transport?.peers() ?? [])].join(', ') || 'nobody'}`,
  ];
  return `${id}: ${state} (boot ${boot}), ${parts.join(', ')}`;
}
