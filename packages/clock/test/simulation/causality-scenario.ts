/**
 * Processes that work, send and receive, and each event with a timestamp. At the end every pair of
 * timestamps is held against what really could have caused what.
 */
import type { Causality } from '../../src/index.ts';
import { Chance, ensure, ToyNetwork } from './toy-network.ts';

export interface Process<T> {
  event(): T;
  receive(message: T): T;
}

export interface ClockScheme<T> {
  start(processes: number): Process<T>[];
  /** What a timestamp becomes on its way. */
  sent(timestamp: T): T;
  /** Whether two timestamps say something else than what is true of their events. */
  contradicts(a: T, b: T, truth: Causality): boolean;
  /** One leaves and hands all it has to one that stays, which then makes a newcomer. */
  replace?(stays: Process<T>, leaves: Process<T>): [stays: Process<T>, newcomer: Process<T>];
}

interface Recorded<T> {
  readonly timestamp: T;
  /** The events that could have caused this one, a bit for each. */
  readonly causes: bigint;
}

/** @returns how many events there were */
export function runCausality<T>(seed: number, scheme: ClockScheme<T>): number {
  const chance = new Chance(seed);
  const network = new ToyNetwork<{ timestamp: T; causes: bigint }>(chance);
  const processes = scheme.start(2 + chance.below(4));
  const known = processes.map(() => 0n);
  const events: Recorded<T>[] = [];
  const record = (at: number, take: (process: Process<T>) => T): T => {
    const timestamp = take(processes[at]!);
    events.push({ timestamp, causes: known[at]! });
    known[at]! |= 1n << BigInt(events.length - 1);
    return timestamp;
  };
  for (let steps = 40 + chance.below(80); steps > 0; steps -= 1) {
    const at = chance.below(processes.length);
    const kind = chance.next();
    if (kind < 0.2) record(at, (process) => process.event());
    else if (kind < 0.55) {
      const timestamp = scheme.sent(record(at, (process) => process.event()));
      network.send(chance.below(processes.length), { timestamp, causes: known[at]! });
    } else if (kind < 0.95 || !scheme.replace) {
      const arrived = network.take();
      if (!arrived) continue;
      const { timestamp, causes } = arrived.message;
      known[arrived.to]! |= causes;
      record(arrived.to, (process) => process.receive(timestamp));
    } else {
      const leaving = (at + 1) % processes.length;
      const [stays, newcomer] = scheme.replace(processes[at]!, processes[leaving]!);
      [processes[at], processes[leaving]] = [stays, newcomer];
      known[at]! |= known[leaving]!;
      known[leaving] = known[at]!;
    }
  }
  compareAll(events, scheme);
  return events.length;
}

function compareAll<T>(events: readonly Recorded<T>[], scheme: ClockScheme<T>): void {
  for (const [i, a] of events.entries()) {
    for (const [j, b] of events.entries()) {
      const isCause = (b.causes >> BigInt(i)) & 1n;
      const isEffect = (a.causes >> BigInt(j)) & 1n;
      const apart = isCause ? 'before' : isEffect ? 'after' : 'concurrent';
      const truth = i === j ? 'equal' : apart;
      const contradicted = scheme.contradicts(a.timestamp, b.timestamp, truth);
      ensure(
        !contradicted,
        `events ${i} and ${j} are ${truth}, and their timestamps say otherwise`,
      );
    }
  }
}
