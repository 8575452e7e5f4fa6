/**
 * Nodes whose clocks drift within their bound and ask a time server over a slow network.
 * Judged: the true time is in every interval; a transaction that begins after another has ended
 * has the greater timestamp, on whichever node.
 */
import { BoundedClock, type TimeMeasurement } from '../../src/index.ts';
import { Chance, ensure } from './toy-network.ts';

/** What a planted bug replaces. */
export interface BoundedDecisions {
  readonly maxDriftPpm: number;
  readonly waitsBeforeCommit: boolean;
  readonly measured: (measurement: TimeMeasurement) => TimeMeasurement;
}

export const boundedDecisions: BoundedDecisions = {
  maxDriftPpm: 200,
  waitsBeforeCommit: true,
  measured: (measurement) => measurement,
};

const DRIFT_PPM = 200;

/** @returns how many transactions there were */
export function runBounded(seed: number, decisions: BoundedDecisions = boundedDecisions): number {
  const chance = new Chance(seed);
  const truth = { ms: 0 };
  const nodes = Array.from({ length: 2 + chance.below(3) }, () => node(truth, chance, decisions));
  const check = (): void => {
    for (const { bounded } of nodes) {
      const { earliestMs, latestMs } = bounded.now();
      const holds = earliestMs <= truth.ms + 1e-6 && truth.ms <= latestMs + 1e-6;
      ensure(holds, `${truth.ms} is in ${earliestMs} to ${latestMs}`);
    }
  };
  let lastMs = Number.NEGATIVE_INFINITY;
  let transactions = 0;
  for (let steps = 60; steps > 0; steps -= 1) {
    const { bounded, clock } = chance.pick(nodes);
    if (chance.happens(0.3)) truth.ms += chance.between(0, 60_000);
    else if (chance.happens(0.4)) {
      const askedAtMs = clock.monotonic();
      truth.ms += chance.between(0, 50);
      const errorMs = chance.between(-1, 1);
      const answer = { earliestMs: truth.ms + errorMs - 1, latestMs: truth.ms + errorMs + 1 };
      truth.ms += chance.between(0, 50);
      const heardAtMs = clock.monotonic();
      truth.ms += chance.between(0, 5);
      bounded.synchronize(decisions.measured({ askedAtMs, heardAtMs, ...answer }));
    } else {
      const timestampMs = bounded.now().latestMs;
      ensure(timestampMs > lastMs, `a later transaction at ${timestampMs} is not before ${lastMs}`);
      while (decisions.waitsBeforeCommit && !bounded.isPast(timestampMs)) truth.ms += 0.5;
      lastMs = timestampMs;
      transactions += 1;
    }
    check();
  }
  return transactions;
}

function node(truth: { readonly ms: number }, chance: Chance, { maxDriftPpm }: BoundedDecisions) {
  const rate = 1 + chance.between(-DRIFT_PPM, DRIFT_PPM) / (1e6 + DRIFT_PPM);
  const start = chance.between(0, 1e6);
  const offsetMs = chance.between(-100, 100);
  const clock = {
    now: () => truth.ms + offsetMs,
    monotonic: () => start + truth.ms * rate,
    setTimer: () => ({ cancel: () => {} }),
  };
  return { clock, bounded: new BoundedClock({ clock, uncertaintyMs: 100, maxDriftPpm }) };
}
