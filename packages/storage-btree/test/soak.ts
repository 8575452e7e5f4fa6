/**
 * The long run: `npm run soak -- storage-btree`. Each seed takes some hundred points, every one a
 * workload, a call to the disk and a fault; 50 consecutive seeds take all calls of one workload.
 * At the end a real process is killed again and again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SoakOptions, type SoakResult, soak } from '@ds/sim';
import { sweep } from '@ds/sim/engines';
import { soakWithKills } from '@ds/sim/kill-loop';
import { killTrial } from './process/kill-trial.ts';
import { btreeEngine } from './simulation/btree-engine.ts';

export async function run(options: SoakOptions): Promise<SoakResult> {
  const engine = btreeEngine();
  const swept = await soak(options, (seed) => sweep(engine, seed));
  const folder = mkdtempSync(join(tmpdir(), 'btree-soak-'));
  try {
    return await soakWithKills(swept, options, await killTrial(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
