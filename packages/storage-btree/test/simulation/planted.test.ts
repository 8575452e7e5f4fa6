/** Each planted mistake has to be seen by the crash harness: otherwise it checks nothing. */
import { describe, expect, it } from 'vitest';
import { callsOf, meetFault } from './crash-harness.ts';
import { PLANTED_BUGS } from './planted.ts';
import { Violation } from './workload.ts';

const SEEDS = [1, 2, 3, 4, 5];

describe('a planted bug is caught', () => {
  for (const [name, decisions] of Object.entries(PLANTED_BUGS)) {
    it(name, async () => {
      let caught: string | undefined;
      for (const seed of SEEDS) {
        try {
          const { length } = await callsOf(seed, decisions);
          for (let callIndex = 0; callIndex < length; callIndex += 3) {
            await meetFault({ seed, callIndex, fault: 'crash' }, decisions);
          }
        } catch (error) {
          if (!(error instanceof Violation)) throw error;
          caught = error.message;
          break;
        }
      }
      expect(caught).toBeTypeOf('string');
    }, 60_000);
  }
});
