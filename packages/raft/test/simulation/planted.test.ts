import { it } from 'vitest';
import { hunt, plantedBugs } from '../planted.ts';

it('x', async () => {
  for (const bug of plantedBugs.filter(
    (_, i) => !process.env.ONLY || process.env.ONLY.split(',').includes(String(i)),
  )) {
    const t0 = performance.now();
    const c = await hunt(bug, {
      firstSeed: 1,
      seeds: 1000,
      signal: new AbortController().signal,
      progress: () => {},
    });
    console.log(
      c.name,
      c.caught,
      c.seeds,
      c.events,
      Math.round(performance.now() - t0),
      c.message?.slice(0, 150),
    );
  }
}, 1000000);
