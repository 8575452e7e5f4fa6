/** abstract-level's suite can fail: on each broken database, by a part that a sound one passes. */
import { describe, expect, it } from 'vitest';
import { runSuite } from '../tape-suite.ts';
import { BROKEN_DATABASES, SOUND } from './broken-databases.ts';

describe.each(Object.entries(BROKEN_DATABASES))('%s', (_, { tests, create }) => {
  it('is caught', { timeout: 60_000 }, async () => {
    const { failures } = await runSuite({ create }, tests);
    expect(failures.length).toBeGreaterThan(0);
  });

  it('is caught by tests that a sound database passes', { timeout: 60_000 }, async () => {
    const { assertions, failures } = await runSuite({ create: SOUND }, tests);
    expect(failures).toEqual([]);
    expect(assertions).toBeGreaterThan(0);
  });
});
