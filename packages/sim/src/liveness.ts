/**
 * The liveness phase: the faults are over, and what was promised must come to pass in time.
 *
 * A protocol that only ever refuses is safe, and useless. So after the chaos a chosen quorum is
 * left in peace, the others may stay down, and every measure of progress has to grow.
 */
import type { NodeId } from '@ds/transport';
import type { World } from './world.ts';

export interface LivenessOptions {
  /** Numbers that grow with progress, by name: operations a client completed, an index applied. */
  readonly progress: Readonly<Record<string, () => number>>;
  /** How much each has to grow. @default 1 */
  readonly by?: number;
  /** Virtual time for it, from the call on. */
  readonly withinMs: number;
  /** Nodes that stay down: crashed now, so that the rest has to do without. @default none */
  readonly without?: readonly NodeId[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the world until all measures have grown; call it when the faults have stopped.
 * @throws {SimulationError} `SIM_STALLED`, telling which have not, and what each node waits for.
 */
export async function mustProgress(
  world: World,
  { progress, by = 1, withinMs, without = [], signal }: LivenessOptions,
): Promise<void> {
  if (!(by > 0)) throw new RangeError(`by is positive, got ${by}`);
  for (const id of without) world.crash(id);
  const goals = Object.entries(progress).map(([name, measure]) => ({
    name,
    measure,
    goal: measure() + by,
  }));
  const missing = (): typeof goals => goals.filter(({ measure, goal }) => !(measure() >= goal));
  const reached = await world.reaches(() => missing().length === 0, {
    withinMs,
    ...(signal && { signal }),
  });
  if (reached) return;
  const stalled = missing().map(({ name, measure, goal }) => `${name} at ${measure()} of ${goal}`);
  throw world.stalled(`no progress within ${withinMs} ms of calm: ${stalled.join(', ')}`);
}
