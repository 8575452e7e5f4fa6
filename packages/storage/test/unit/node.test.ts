import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageError } from '@ds/storage';
import { nodeFileSystem } from '@ds/storage/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ds-node-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const fileSystem = nodeFileSystem();

function errorOf(run: () => unknown): StorageError {
  try {
    run();
  } catch (error) {
    return error as StorageError;
  }
  throw new Error('nothing was thrown');
}

function openPaths(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      // The one that listed them is gone again.
      return [];
    }
  });
}

describe('nodeFileSystem', () => {
  it('keeps the cause of an error and names the path', () => {
    const path = join(directory, 'none');
    const error = errorOf(() => fileSystem.open(path, { mode: 'read' }));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.path).toBe(path);
    expect((error.cause as NodeJS.ErrnoException).code).toBe('ENOENT');
    expect(error.message).toContain(`cannot open ${path}: ENOENT`);
  });

  it.runIf(existsSync('/dev/full'))('reports a full device as STORAGE_FULL', () => {
    const file = fileSystem.open('/dev/full', { mode: 'write' });
    expect(errorOf(() => file.write(0, new Uint8Array(10))).code).toBe('STORAGE_FULL');
    file.close();
  });

  it.runIf(process.platform === 'linux')(
    'keeps the file open under a running sync, lest its descriptor come to mean another',
    async () => {
      const path = join(directory, 'a');
      const isOpen = () => openPaths().includes(path);
      const file = fileSystem.open(path, { mode: 'write' });
      file.write(0, Uint8Array.of(1));
      const syncs = [file.datasync(), file.datasync()];
      file.close();
      expect(isOpen()).toBe(true);
      await Promise.all(syncs);
      expect(isOpen()).toBe(false);
    },
  );

  it.runIf(process.platform === 'linux')('preallocates space and not a hole', () => {
    const path = join(directory, 'a');
    const file = fileSystem.open(path, { mode: 'write' });
    file.preallocate(1_000_000);
    file.close();
    expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(1_000_000);
  });

  it.each([-1, 1.5, Number.NaN])(
    'refuses the position %s, a mistake of the program',
    (position) => {
      const file = fileSystem.open(join(directory, 'a'), { mode: 'write' });
      const byte = new Uint8Array(1);
      expect(() => file.read(position, byte)).toThrow(RangeError);
      expect(() => file.write(position, byte)).toThrow(RangeError);
      expect(() => file.truncate(position)).toThrow(RangeError);
      expect(() => file.preallocate(position)).toThrow(RangeError);
      file.close();
    },
  );
});
