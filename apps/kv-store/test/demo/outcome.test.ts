import { describe, expect, it } from 'vitest';
import { type Outcome, succeeded } from '../../src/demo/outcome.ts';

const fine: Outcome = {
  records: 171_075,
  lost: 0,
  wrong: 0,
  leaderKills: 2,
  followerKills: 1,
  joined: 1,
  removed: 1,
  elections: { count: 2, p50Ms: 700, maxMs: 800 },
  writesPerSecond: 7_000,
  retries: 30,
  seconds: 38,
  livePuts: 1_000,
  putP50Ms: 8,
  staleReads: 0,
};

describe('a run succeeds', () => {
  it('when nothing was lost although nodes were killed, added and removed', () => {
    expect(succeeded(fine)).toBe(true);
  });

  it('only then', () => {
    const flaws: Partial<Outcome>[] = [
      { records: 0 },
      { lost: 1 },
      { wrong: 1 },
      { staleReads: 1 },
      { leaderKills: 1 },
      { followerKills: 0 },
      { joined: 0 },
      { removed: 0 },
      { elections: { count: 1, p50Ms: 700, maxMs: 700 } },
    ];
    for (const flaw of flaws) expect(succeeded({ ...fine, ...flaw })).toBe(false);
  });
});
