/** All scenarios by name: each takes a seed and returns how many events it had. */
import { runBounded } from './bounded-scenario.ts';
import { runCausality } from './causality-scenario.ts';
import { intervalTree, lamport, vector } from './causality-schemes.ts';
import { runDelivery } from './delivery-scenario.ts';
import { runHybrid } from './hybrid-scenario.ts';
import { runSiblings } from './sibling-scenario.ts';

export const scenarios: Readonly<Record<string, (seed: number) => number | Promise<number>>> = {
  'Lamport clocks put no effect before its cause': (seed) => runCausality(seed, lamport),
  'vector clocks tell causes from coincidence': (seed) => runCausality(seed, vector),
  'interval tree clocks do, as processes come and go': (seed) => runCausality(seed, intervalTree),
  'hybrid clocks increase, and stay close, and come back': (seed) => runHybrid(seed),
  'bounded clocks hold the true time, and commits wait for it': (seed) => runBounded(seed),
  'causal delivery and stability': (seed) => runDelivery(seed),
  'siblings remain exactly until they are read and replaced': (seed) => runSiblings(seed),
};
