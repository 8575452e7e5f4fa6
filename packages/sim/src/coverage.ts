/** What a run has reached, in one flat list of counts that soaks can add up over their seeds. */
import type { World } from './world.ts';
import type { WorldCounts } from './world-options.ts';

/**
 * The world's counts, and `disk ...` for each kind of disk call and each fault it met, over all
 * nodes: `'disk write'`, `'disk write short'`, `'disk datasync crash'`.
 */
export function coverage(world: World): WorldCounts & Record<string, number> {
  const reached: WorldCounts & Record<string, number> = { ...world.counts() };
  for (const { disk } of world.nodes) {
    for (const [what, count] of Object.entries(disk.status().reached)) {
      reached[`disk ${what}`] = (reached[`disk ${what}`] ?? 0) + count;
    }
  }
  return reached;
}
