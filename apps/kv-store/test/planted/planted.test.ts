/** A simulation that finds no planted bug proves nothing by finding none in the product. */
import { expect, it } from 'vitest';
import { runStore } from '../simulation/run-store.ts';
import { findPlanted } from './find.ts';
import { PLANTS } from './plants.ts';

it.each(PLANTS)('the simulation notices that $name', { timeout: 300_000 }, async (plant) => {
  const { caught, seeds } = await findPlanted(plant, { firstSeed: 1, seeds: 500 });
  expect(caught).toBe(true);
  // The very same run without the bug is in order: it was the bug that was seen.
  const { faults, shape } = plant;
  const { failure } = await runStore({ seed: seeds, faults, shape });
  expect(failure).toBeUndefined();
});
