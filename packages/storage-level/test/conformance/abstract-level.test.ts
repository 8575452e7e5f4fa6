/** The whole of abstract-level's own suite, on every engine. */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../engines.ts';
import { runSuite } from '../tape-suite.ts';

describe.each(Object.entries(ENGINES))('on %s', (name, { open, assertions: atLeast }) => {
  it('every rule of abstract-level holds', { timeout: 300_000 }, async () => {
    const engine = open();
    try {
      const { tests, assertions, failures, leftOut } = await runSuite(engine);
      console.log(`abstract-level/test on ${name}: ${assertions} assertions in ${tests} tests`);
      expect(failures).toEqual([]);
      expect(leftOut).toEqual([]);
      expect(assertions).toBeGreaterThanOrEqual(atLeast);
    } finally {
      engine.dispose();
    }
  });
});
