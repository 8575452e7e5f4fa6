/** Each planted mistake has to be seen by the crash harness: otherwise it checks nothing. */
import { describe, expect, it } from 'vitest';
import { countCalls, meetFault } from './crash-harness.ts';
import { PLANTED_BUGS } from './planted.ts';
import { Violation } from './workload.ts';

const SEEDS = [1, 2, 3, 4, 5];

describe('a planted bug is caught', () => {
  for (const [name, plant] of Object.entries(PLANTED_BUGS)) {
    it(name, async () => {
      let caught: string | undefined;
      for (const seed of SEEDS) {
        const calls = await countCalls(seed, plant);
        for (let callIndex = 0; callIndex < calls && caught === undefined; callIndex += 5) {
          try {
            await meetFault({ seed, callIndex, fault: 'crash' }, plant);
          } catch (error) {
            if (!(error instanceof Violation)) throw error;
            caught = error.message;
          }
        }
        if (caught !== undefined) break;
      }
      expect(caught).toBeTypeOf('string');
    }, 60_000);
  }
});
