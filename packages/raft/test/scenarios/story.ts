/** How the tests of the lab are told: each as a simulation of a few seeds. */
import { simulation } from '@ds/sim/vitest';
import { expect } from 'vitest';
import { Lab, type LabOptions } from './lab.ts';

/** Runs the story for a few seeds; `DS_SEEDS=300` makes it six hundred. */
export function story(name: string, options: LabOptions, tell: (lab: Lab) => Promise<void>): void {
  simulation(name, { seeds: 2 }, async (seed) => {
    const lab = new Lab(seed, options);
    try {
      await tell(lab);
    } finally {
      await lab.world.close().catch(() => {});
    }
  });
}

/** Everybody is up and connected again, agrees once more, and has the same history. */
export async function agreeInTheEnd(lab: Lab): Promise<void> {
  lab.setUnreliable(false);
  lab.restart(...lab.ids);
  lab.connect(...lab.ids);
  await lab.until(() => lab.ids.every((id) => lab.isUp(id)));
  await lab.one('end', lab.ids.length);
  const [first, ...others] = lab.ids.map((id) => lab.history(id));
  for (const other of others) expect(other).toEqual(first);
}
