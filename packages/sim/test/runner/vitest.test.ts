import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { simulation } from '@ds/sim/vitest';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const manifest = createRequire(import.meta.url).resolve('vitest/package.json');
const FIXTURE = 'packages/sim/test/runner/fixture/broken.simulation.ts';

/** Runs the fixture in a vitest of its own, and returns what it prints. */
function runFixture(environment: Record<string, string>): Promise<{ code: unknown; out: string }> {
  const config = 'packages/sim/test/runner/fixture/vitest.config.ts';
  const args = [join(manifest, '../vitest.mjs'), 'run', '--no-color', '--config', config];
  const env = { ...process.env, DS_SEEDS: '', DS_FIRST_SEED: '', ...environment };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args, '--root', ROOT], { cwd: ROOT, env });
    let out = '';
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (out += data));
    child.on('error', reject).on('close', (code) => resolve({ code, out }));
  });
}

describe('a simulation that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ds-sim-artifacts-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('says which seed, which property and how to have it again, and writes what is asked', async () => {
    const { code, out } = await runFixture({ DS_ARTIFACTS: join(folder, 'new') });
    expect(code).toBe(1);
    expect(out).toContain('1 of 14 runs failed (seeds 14)');
    const title = `'a counter isn'\\''t at three \\(ever\\)'`;
    const replay = `DS_SEED=14 npx vitest run ${FIXTURE} -t ${title}`;
    expect(out).toContain(replay);
    expect(out).toContain('violated: never three');
    expect(out).toMatch(/trace hash: [0-9a-f]{16}/);
    expect(out).toMatch(/shrunk from \d+ to 3 steps/);
    expect(readdirSync(join(folder, 'new')).sort()).toEqual(['seed-14.jsonl', 'seed-14.svg']);
    expect(out).toContain(`written: ${join(folder, 'new', 'seed-14.svg')}`);
    expect(out).toContain('met 1,2');
  });

  it('obeys the environment, and then judges nothing', async () => {
    const { code, out } = await runFixture({ DS_SEED: '3' });
    expect([code, out.includes('failed (seeds')]).toEqual([0, false]);
    expect(existsSync(join(folder, 'seed-3.svg'))).toBe(false);
  });
});

const ran: number[] = [];
simulation(
  'a simulation that passes hands its results on, in order',
  { seeds: 5, firstSeed: 2, onRun: (seed) => ran.push(seed), evidence: judge },
  (seed) => seed * 2,
);

function judge(results: readonly number[]): void {
  expect(results.slice(0, 5)).toEqual(ran.slice(0, 5).map((seed) => seed * 2));
  expect(ran.length).toBeGreaterThanOrEqual(5);
}
