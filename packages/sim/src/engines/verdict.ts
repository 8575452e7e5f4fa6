/** Turns whatever goes wrong at a point into the error that names the point. */
import { SimulationError } from '../errors.ts';
import { takeTurn } from '../kernel/scheduler.ts';
import { Violation } from './judge.ts';

/**
 * What `meet` resolves with; the host gets a turn, too.
 * @throws {SimulationError} `SIM_ENGINE_BROKEN` when it rejects, or keeps somebody waiting; the
 *   message ends with the point
 */
export async function judged<P extends { readonly seed: number }, R>(
  point: P,
  meet: (point: P) => Promise<R>,
): Promise<R> {
  // After all promises have had their turns nothing else can wake who still waits.
  const over = takeTurn();
  const stuck = over.then(() => {
    throw new Violation('it waits for ever');
  });
  try {
    return await Promise.race([meet(point), stuck]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${reason} at ${JSON.stringify(point)}`;
    throw new SimulationError('SIM_ENGINE_BROKEN', message, { seed: point.seed, cause });
  } finally {
    await over;
  }
}
