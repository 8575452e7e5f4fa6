import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SyncCount } from '../../src/demo/sync-count.ts';

const canTrace =
  spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true']).status === 0;

/** Syncs a file three times one way and twice the other, and dies of SIGKILL. */
const SYNCING = `
  const { fdatasyncSync, fsyncSync, openSync, writeSync } = require('node:fs');
  const file = openSync(process.argv[1], 'w');
  for (let i = 0; i < 3; i++) { writeSync(file, 'x'); fdatasyncSync(file); }
  for (let i = 0; i < 2; i++) { writeSync(file, 'x'); fsyncSync(file); }
  process.kill(process.pid, 'SIGKILL');
`;

describe.skipIf(!canTrace)('counting syncs from outside, with strace', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ds-syncs-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('counts each call over all runs of a node, also of runs that end with SIGKILL', async () => {
    const syncs = new SyncCount(directory, 'n1');
    for (let run = 0; run < 2; run++) {
      const file = join(directory, 'file');
      const [program, ...args] = syncs.wrap([process.execPath, '-e', SYNCING, file]);
      const child = spawn(program!, args);
      await new Promise((resolve) => child.once('exit', resolve));
      expect(child.signalCode).toBe('SIGKILL');
    }
    expect(await syncs.total()).toEqual({ fdatasync: 6, fsync: 4 });
  });
});
