/**
 * Do replicas that hear no more news come to agree, and how soon?
 *
 * Judged are observations: what each replica's state was, as a text that is equal for equal states,
 * at which time. From `quietAtMs` (the last update, or the end of faults) plus `withinMs` on, all
 * observations have to show one state. Replicas that were not observed after the bound prove
 * nothing, and are reported as an error. Cost: linear.
 */
import { SimulationError } from '../errors.ts';

export interface Observation {
  readonly atMs: number;
  readonly node: string;
  /** Equal for equal states: a canonical encoding, or its hash. */
  readonly state: string;
}

export interface ConvergenceOptions {
  /** When the last update was made, or the last fault ended. */
  readonly quietAtMs: number;
  /** How long they may take from there. */
  readonly withinMs: number;
  /** The replicas that have to agree. @default all that were observed */
  readonly nodes?: readonly string[];
  /** Refuses to judge unless so many states were seen before: no change, no proof. @default 2 */
  readonly minStates?: number;
}

export interface ConvergenceResult {
  readonly verdict: 'converged' | 'violated';
  readonly strength: {
    readonly observations: number;
    readonly replicas: number;
    /** Different states seen in all. */
    readonly states: number;
  };
  /** How long after `quietAtMs` the last observation differed; 0 when none did. */
  readonly divergedForMs: number;
  readonly violation?: { readonly message: string; readonly states: ReadonlyMap<string, string> };
}

/** @throws {SimulationError} `SIM_TOO_WEAK` when too little was observed. */
export function checkConvergence(
  observations: readonly Observation[],
  { quietAtMs, withinMs, nodes, minStates = 2 }: ConvergenceOptions,
): ConvergenceResult {
  if (!(withinMs >= 0 && Number.isFinite(withinMs))) {
    throw new RangeError(`withinMs is finite and not negative, got ${withinMs}`);
  }
  const replicas = nodes ?? [...new Set(observations.map(({ node }) => node))];
  const states = new Set(observations.map(({ state }) => state)).size;
  const dueMs = quietAtMs + withinMs;
  const unseen = replicas.filter(
    (id) => !observations.some(({ node, atMs }) => node === id && atMs >= dueMs),
  );
  if (replicas.length < 2 || states < minStates || unseen.length > 0) {
    const what = `${replicas.length} replicas, ${states} states`;
    const missing = unseen.length > 0 ? `; not observed after ${dueMs} ms: ${unseen}` : '';
    throw new SimulationError('SIM_TOO_WEAK', `observations prove too little: ${what}${missing}`);
  }
  const strength = { observations: observations.length, replicas: replicas.length, states };
  const { lastDifferentMs, then } = lastDifference(observations, new Set(replicas));
  const divergedForMs = Math.max(0, lastDifferentMs - quietAtMs);
  if (lastDifferentMs < dueMs) return { verdict: 'converged', strength, divergedForMs };
  const message =
    `${divergedForMs} ms after the last update (bound: ${withinMs} ms) replicas differ: ` +
    [...then].map(([node, state]) => `${node} has ${state}`).join(', ');
  return { verdict: 'violated', strength, divergedForMs, violation: { message, states: then } };
}

/** The last time at which the latest states of the replicas, as observed, were not one. */
function lastDifference(
  observations: readonly Observation[],
  replicas: ReadonlySet<string>,
): { lastDifferentMs: number; then: ReadonlyMap<string, string> } {
  const sorted = observations
    .filter(({ node }) => replicas.has(node))
    .sort((a, b) => a.atMs - b.atMs);
  const latest = new Map<string, string>();
  let lastDifferentMs = Number.NEGATIVE_INFINITY;
  let then: ReadonlyMap<string, string> = latest;
  for (const [index, { atMs, node, state }] of sorted.entries()) {
    latest.set(node, state);
    // What was observed at one time is one observation.
    if (sorted[index + 1]?.atMs === atMs) continue;
    if (new Set(latest.values()).size < 2) continue;
    lastDifferentMs = atMs;
    then = new Map(latest);
  }
  return { lastDifferentMs, then };
}
