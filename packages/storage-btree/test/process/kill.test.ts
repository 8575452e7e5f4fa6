import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killLoop } from '@ds/sim/kill-loop';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seedsFrom } from '../seeds.ts';
import { killTrial } from './kill-trial.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'btree-kill-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('loses nothing acknowledged and tears no batch, however often it is killed', async () => {
  const { length: kills, 0: seed = 1 } = seedsFrom(1, 6);
  const result = await killLoop({ ...(await killTrial(folder)), kills, seed });
  expect(result.kills).toBe(kills);
  expect(result.batches).toBeGreaterThan(10);
}, 120_000);
