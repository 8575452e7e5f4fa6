import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../cluster.ts';
import { buildPrograms, dskv, Program, removePrograms } from './programs.ts';

let cluster: Cluster;
let env: NodeJS.ProcessEnv;
const directory = mkdtempSync(join(tmpdir(), 'ds-kv-cli-'));
beforeAll(async () => {
  await buildPrograms();
  cluster = await Cluster.open();
  env = { DSKV_ENDPOINTS: cluster.urls.join(',') };
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
  removePrograms();
});

const run = (args: readonly string[], input?: string | Uint8Array) =>
  dskv(args, { env, ...(input === undefined ? {} : { input }) });

it('writes, reads, compares and deletes, with exit codes to match on', async () => {
  const { code, out } = await run(['put', 'a', 'one']);
  expect([code, out]).toEqual([0, expect.stringMatching(/^\d+\n$/)]);
  expect(await run(['get', 'a'])).toMatchObject({ code: 0, out: 'one' });
  const stale = await run(['put', 'a', 'two', '--if-version', String(Number(out) + 1)]);
  expect([stale.code, stale.error]).toEqual([1, expect.stringContaining('KV_CONFLICT')]);
  expect(await run(['put', 'a', 'two', '--if-version', out.trim()])).toMatchObject({ code: 0 });
  expect(await run(['put', 'a', 'three', '--if-absent'])).toMatchObject({ code: 1 });
  expect(await run(['delete', 'a', '--if-exists'])).toMatchObject({ code: 0 });
  expect(await run(['delete', 'a'])).toMatchObject({ code: 1 });
  expect(await run(['get', 'a'])).toMatchObject({ code: 1, out: '' });
});

it('values are bytes, from standard input to standard output', async () => {
  const program = new Program('dskv', ['put', 'bytes', '-'], env);
  program.child.stdin!.end(Buffer.from([0, 255, 10]));
  expect(await program.ended).toMatchObject({ code: 0 });
  expect((await run(['get', 'bytes', '--json'])).out).toContain('"valueBase64":"AP8K"');
});

it('imports a file, lists what is there, and resumes after a bad record', async () => {
  const file = join(directory, 'cities.csv');
  const rows = Array.from({ length: 500 }, (_, i) => `${i},"City, ${i}"`);
  writeFileSync(file, ['id,name', ...rows, 'broken'].join('\n'));
  const args = ['import', file, '--key', 'id', '--prefix', 'city/', '--concurrency', '32'];
  const broken = await run(args);
  expect([broken.code, broken.error]).toEqual([
    2,
    expect.stringContaining('record 501 has 1 fields'),
  ]);
  expect(existsSync(`${file}.dskv-import`)).toBe(true);
  // The same length, so that it is the same import, now with a whole last record.
  writeFileSync(file, ['id,name', ...rows, '500,""'].join('\n'));
  const resumed = await run(args);
  expect([resumed.code, resumed.error]).toEqual([
    0,
    expect.stringContaining('going on after 500 records'),
  ]);
  expect(resumed.error).toContain('501 records');
  expect(existsSync(`${file}.dskv-import`)).toBe(false);
  const { out } = await run(['scan', '--prefix', 'city/', '--json']);
  expect(out.trim().split('\n')).toHaveLength(501);
  expect((await run(['get', 'city/7'])).out).toBe('{"id":"7","name":"City, 7"}');
  expect((await run(['scan', '-p', 'city/', '-n', '2', '--keys-only'])).out).toBe(
    'city/0\ncity/1\n',
  );
});

it('status names the leader; without one it says so', async () => {
  const { code, out } = await run(['status']);
  expect(code).toBe(0);
  expect(out).toMatch(/^node +endpoint +role/);
  expect(out).toMatch(/leader/);
  const nobody = await dskv(['-e', 'http://127.0.0.1:9', 'status']);
  expect([nobody.code, nobody.error]).toEqual([3, expect.stringContaining('KV_NO_LEADER')]);
});

it('help teaches by examples; wrong arguments are exit code 2', async () => {
  const help = await dskv(['--help']);
  expect([help.code, help.out]).toEqual([0, expect.stringContaining('dskv put greeting hello')]);
  expect((await dskv(['import', '--help'])).out).toContain('goes on where it stopped');
  for (const args of [
    ['get'],
    ['put', 'a'],
    ['surprise'],
    ['scan', '-n', '0'],
    ['--timeout', 'x', 'status'],
    [],
  ]) {
    expect(await dskv(args)).toMatchObject({ code: args.length === 0 ? 2 : 2, out: '' });
  }
  expect(await dskv(['-e', 'ftp://x', 'get', 'a'])).toMatchObject({ code: 2 });
});
