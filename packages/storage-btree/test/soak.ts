/**
 * The long run: `npm run soak -- storage-btree`. Each seed takes some hundred points, every one a
 * workload, a call to the disk and a fault; 50 consecutive seeds take all calls of one workload.
 * At the end a real process is killed again and again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SoakOptions, type SoakResult, soak } from '@ds/sim';
import { killLoop } from './process/kill-loop.ts';
import { Coverage } from './simulation/coverage.ts';
import { sweep } from './simulation/fault-sweep.ts';

const MOST_KILLS = 60;

export async function run(options: SoakOptions): Promise<SoakResult> {
  const swept = await soak(options, async (seed) => {
    const coverage = new Coverage();
    await sweep(seed, { coverage });
    return coverage.numbers();
  });
  return options.signal.aborted ? swept : withKills(swept, options);
}

async function withKills(
  swept: SoakResult,
  { firstSeed, seeds, progress }: SoakOptions,
): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), 'btree-soak-'));
  try {
    const kills = Math.min(MOST_KILLS, seeds);
    const { killsWhileOpening, batches } = await killLoop({
      folder,
      kills,
      seed: firstSeed,
      progress,
    });
    const coverage = { ...swept.coverage, kills, killsWhileOpening, killedBatches: batches };
    return { ...swept, coverage };
  } catch (error) {
    const message = `kill -9: ${error instanceof Error ? error.message : error}`;
    return { ...swept, failed: [...swept.failed, { seed: firstSeed, message }] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
