/** The clocks that tell causes, each as the scenario drives it. */
import {
  compareLamport,
  decodeIntervalTreeClock,
  decodeLamport,
  decodeVersionVector,
  encodeIntervalTreeClock,
  encodeLamport,
  encodeVersionVector,
  IntervalTreeClock,
  LamportClock,
  type LamportTimestamp,
  VectorClock,
  type VersionVector,
} from '../../src/index.ts';
import type { ClockScheme, Process } from './causality-scenario.ts';

const named = <T>(count: number, create: (id: string) => T): T[] =>
  Array.from({ length: count }, (_, i) => create(`p${i}`));

export const lamport: ClockScheme<LamportTimestamp> = {
  start: (count) =>
    named(count, (id) => {
      const clock = new LamportClock({ id });
      return { event: () => clock.tick(), receive: (message) => clock.receive(message) };
    }),
  sent: (timestamp) => decodeLamport(encodeLamport(timestamp)),
  contradicts(a, b, truth) {
    const order = compareLamport(a, b);
    if (truth === 'before') return order >= 0;
    if (truth === 'after') return order <= 0;
    return (truth === 'equal') !== (order === 0);
  },
};

export const vector: ClockScheme<VersionVector> = {
  start: (count) =>
    named(count, (id) => {
      const clock = new VectorClock({ id });
      return { event: () => clock.tick(), receive: (message) => clock.receive(message) };
    }),
  sent: (timestamp) => decodeVersionVector(encodeVersionVector(timestamp)),
  contradicts: (a, b, truth) => a.compare(b) !== truth,
};

export class TreeProcess implements Process<IntervalTreeClock> {
  stamp: IntervalTreeClock;

  constructor(stamp: IntervalTreeClock) {
    this.stamp = stamp;
  }

  event(): IntervalTreeClock {
    this.stamp = this.stamp.event();
    return this.stamp.peek();
  }

  receive(message: IntervalTreeClock): IntervalTreeClock {
    this.stamp = this.stamp.join(message);
    return this.event();
  }

  fork(): TreeProcess {
    const [ours, newcomer] = this.stamp.fork();
    this.stamp = ours;
    return new TreeProcess(newcomer);
  }
}

export const intervalTree: ClockScheme<IntervalTreeClock> = {
  start(count) {
    const processes = [new TreeProcess(IntervalTreeClock.seed())];
    while (processes.length < count) processes.push(processes[processes.length >> 1]!.fork());
    return processes;
  },
  sent: (timestamp) => decodeIntervalTreeClock(encodeIntervalTreeClock(timestamp)),
  contradicts: (a, b, truth) => a.compare(b) !== truth,
  replace(stays, leaves) {
    const stamps = [stays, leaves].map((process) => (process as TreeProcess).stamp);
    const merged = new TreeProcess(stamps[0]!.join(stamps[1]!));
    return [merged, merged.fork()];
  },
};
