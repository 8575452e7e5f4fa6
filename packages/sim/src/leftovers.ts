/** What nodes leave behind when a scenario ends: timers that nobody cancelled, syncs not awaited. */
import type { SimEvent } from './kernel/event-queue.ts';
import type { SimNode } from './node.ts';

export interface Leftovers {
  readonly node: string;
  readonly text: string;
  /** The earliest timer left, if there is one. */
  readonly timer: SimEvent | undefined;
}

/** What the first node that left something left; nodes that crashed are excused. */
export function findLeftovers(
  nodes: readonly SimNode[],
  pending: Iterable<SimEvent>,
  nowMs: number,
): Leftovers | undefined {
  const events = [...pending].sort((a, b) => a.at - b.at);
  for (const { id, life } of nodes) {
    if (life === undefined) continue;
    const own = events.filter(({ owner }) => owner === life);
    const timers = own.filter(({ kind }) => kind === 'timer');
    const syncs = own.filter(({ kind }) => kind === 'sync');
    const [timer] = timers;
    const parts: string[] = [];
    if (timer !== undefined) {
      parts.push(`${timers.length} timers (the next in ${timer.at - nowMs} ms)`);
    }
    if (syncs.length > 0) parts.push(`${syncs.length} syncs under way`);
    if (parts.length > 0) return { node: id, text: parts.join(' and '), timer };
  }
  return undefined;
}
