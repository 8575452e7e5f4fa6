import { it } from 'vitest';
import { appendFileSync } from 'node:fs';
import { runStore } from '../simulation/run-store.ts';
import { PLANTS } from './plants.ts';
it('x', async () => {
  const plant = PLANTS[1]!;
    for (let seed = 1; seed <= 12; seed++) {
      const o = { seed, faults: plant.faults, shape: plant.shape };
      const f = await runStore({ ...o, open: plant.open });
      if (f.failure === undefined) continue;
      const c = await runStore(o);
      appendFileSync('/tmp/plantlog', `HIT ${seed} ${f.violation} ${f.failure?.slice(0, 900)}\n CONTROL ${c.failure?.slice(0,900)}\n`);
    }
}, 900000);
