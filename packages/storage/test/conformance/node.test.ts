import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileSystemConformance } from '@ds/storage/conformance';
import { nodeFileSystem } from '@ds/storage/node';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../unit/compiled.ts';

const compiled = compile();
afterAll(() => compiled.dispose());

const LOCK_AND_DIE = `
  const { nodeFileSystem } = await import(process.argv[1]);
  nodeFileSystem().lock(process.argv[2]);
  process.kill(process.pid, 'SIGKILL');
`;

describe('nodeFileSystem', () => {
  const { uncovered } = fileSystemConformance({
    describe,
    it,
    expect,
    create: () => {
      const root = mkdtempSync(join(tmpdir(), 'ds-storage-'));
      return {
        fileSystem: nodeFileSystem(),
        root,
        close: () => rmSync(root, { recursive: true, force: true }),
      };
    },
    secondView: () => nodeFileSystem(),
    lockAndDie: (_subject, path) => {
      const { node } = compiled;
      const program = ['--input-type=module', '-e', LOCK_AND_DIE, node, path];
      const { signal } = spawnSync(process.execPath, program);
      expect(signal).toBe('SIGKILL');
    },
  });

  it('leaves uncovered what takes a power cut, a full disk or a broken one', () => {
    expect(uncovered).toEqual([
      'rule 2: a write that ran out of space leaves a prefix, and harms nothing before it',
      'rule 7: no space left is STORAGE_FULL, but not within space taken before',
      'durability: bytes and size survive a crash once datasync and syncDirectory resolved',
      'durability: a directory that was synced holds the names it held, after a crash',
      'durability: a directory made and synced into its parent survives a crash',
      'durability: a directory that was synced itself survives a crash with its names',
      'rule 3: after a crash a renamed name holds the old file or the new one, whole',
      'rule 5: a datasync that failed rejects with STORAGE_IO',
      'rule 5: a failed datasync puts in doubt only what it covered',
      'rule 6: a crash ends every lock',
    ]);
  });
});
