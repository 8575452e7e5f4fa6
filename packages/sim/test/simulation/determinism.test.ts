import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type NodeEnvironment, World } from '@ds/sim';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSources, type Compiled, compile } from '../runner/compiled.ts';
import { runRegister } from './register-scenario.ts';

const { DS_SEEDS = '1', DS_FIRST_SEED = '0' } = process.env;
/** A soak sets `DS_SEEDS=25`, for a thousand. */
const COUNT = Math.ceil(40 * Number(DS_SEEDS));
const SEEDS = Array.from({ length: COUNT }, (_, i) => 1_000 + Number(DS_FIRST_SEED) + i);

async function hashesOf(seeds: readonly number[]): Promise<string[]> {
  const hashes: string[] = [];
  for (const seed of seeds) hashes.push((await runRegister(seed)).hash);
  return hashes;
}

const PROGRAM = `
import { runRegister } from './register-scenario.js';
const [first, count] = process.argv.slice(2).map(Number);
const hashes = [];
for (let i = 0; i < count; i += 1) hashes.push((await runRegister(first + i)).hash);
console.log(JSON.stringify(hashes));
`;

describe('one seed is one run', () => {
  let compiled: Compiled;
  beforeAll(() => {
    compiled = compile();
    addSources(compiled, fileURLToPath(new URL('.', import.meta.url)));
  });
  afterAll(() => compiled.dispose());

  it(`twice in one process, and once more in another: ${COUNT} seeds`, async () => {
    const hashes = await hashesOf(SEEDS);
    expect(new Set(hashes).size).toBe(SEEDS.length);
    expect(await hashesOf(SEEDS)).toEqual(hashes);
    const args = [compiled.add('program.js', PROGRAM), String(SEEDS[0]), String(COUNT)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(JSON.parse(stdout)).toEqual(hashes);
  }, 3_600_000);

  it('also when several worlds run side by side', async () => {
    const seeds = SEEDS.slice(0, 6);
    const alone = await hashesOf(seeds);
    const together = await Promise.all(seeds.map(async (seed) => (await runRegister(seed)).hash));
    expect(together).toEqual(alone);
  });
});

describe('chance in one place shifts no other', () => {
  /** What `b` draws and hears, while `a` draws so many numbers of its own each time. */
  const run = async (drawsOfA: number, forks: readonly string[] = []): Promise<unknown[]> => {
    const network = { loss: 0.2, duplicate: 0.2, reorder: 0.2 };
    const world = new World({ seed: 77, network });
    const seen: unknown[] = [];
    const factory =
      (draws: number) =>
      ({ self, clock, transport, random }: NodeEnvironment): void => {
        const channel = transport.channel('talk', Number);
        channel.onMessage((from, n) => seen.push([clock.monotonic(), self, from, n]));
        let n = 0;
        const step = (): void => {
          for (let i = 0; i < draws; i += 1) random();
          for (const name of forks) world.fork(name)();
          if (self === 'b') seen.push(random());
          for (const peer of transport.peers()) channel.send(peer, n++);
          clock.setTimer(5, step);
        };
        step();
      };
    world.addNode('a', factory(drawsOfA));
    world.addNode('b', factory(0));
    await world.runFor(2_000);
    return seen;
  };

  it('neither a node’s draws nor those of a new fork reach the network or another node', async () => {
    const before = await run(0);
    expect(before.length).toBeGreaterThan(1_000);
    expect(await run(3)).toEqual(before);
    expect(await run(0, ['something new', 'and another'])).toEqual(before);
    // Whereas a draw from a stream that is in use does.
    expect(await run(0, ['network'])).not.toEqual(before);
  });
});
