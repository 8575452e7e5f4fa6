/** Plausible mistakes, each planted by replacing one decision or one call of the file system. */
import { type FileSystem, StorageError } from '@ds/storage';
import { SAFE_DECISIONS } from '../../src/decisions.ts';
import { parseFileName } from '../../src/file-names.ts';
import type { Plant } from './crash-harness.ts';

export const PLANTED_BUGS: Readonly<Record<string, Plant>> = {
  'the directory is never synced': {
    wrap: (inner) => delegate(inner, { syncDirectory: async () => {} }),
  },
  'CURRENT names a manifest that is not synced': {
    wrap: (inner) =>
      delegate(inner, {
        open: (path, options) => {
          const file = inner.open(path, options);
          if (kindOf(path) !== 'manifest' && kindOf(path) !== 'current-new') return file;
          return {
            path,
            read: (position, target) => file.read(position, target),
            write: (position, data) => file.write(position, data),
            truncate: (size) => file.truncate(size),
            preallocate: (size) => file.preallocate(size),
            size: () => file.size(),
            datasync: async () => {},
            close: () => file.close(),
          };
        },
      }),
  },
  'a log is removed when its table is begun': { wrap: removeLogsEarly },
  'sequences are used again after recovery': {
    decisions: {
      ...SAFE_DECISIONS,
      firstSequenceAfterRecovery: (lastSequence) => Math.max(1, lastSequence - 20),
    },
  },
  'a tombstone is dropped above older data': {
    decisions: { ...SAFE_DECISIONS, mayDropTombstone: (facts) => facts.seenByAllSnapshots },
  },
};

/** Damage goes unnoticed; found by flipping bits, see damage.test.ts. */
export const CHECKSUMS_IGNORED: Plant = {
  decisions: { ...SAFE_DECISIONS, checksumMatches: () => true },
};

function delegate(inner: FileSystem, replaced: Partial<FileSystem>): FileSystem {
  return {
    open: (path, options) => inner.open(path, options),
    rename: (from, to) => inner.rename(from, to),
    link: (existing, added) => inner.link(existing, added),
    remove: (path) => inner.remove(path),
    list: (directory) => inner.list(directory),
    mkdir: (directory) => inner.mkdir(directory),
    lock: (path) => inner.lock(path),
    syncDirectory: (directory) => inner.syncDirectory(directory),
    ...replaced,
  };
}

/** Every table that is begun takes the oldest log away, if there are two. */
function removeLogsEarly(inner: FileSystem): FileSystem {
  const removed = new Set<string>();
  return delegate(inner, {
    open: (path, options) => {
      if (kindOf(path) === 'table' && options.mode === 'create') {
        const directory = path.slice(0, path.lastIndexOf('/'));
        const logs = inner.list(directory).filter((name) => parseFileName(name)?.kind === 'log');
        if (logs.length > 1) {
          const oldest = `${directory}/${logs[0]}`;
          inner.remove(oldest);
          removed.add(oldest);
        }
      }
      return inner.open(path, options);
    },
    remove: (path) => {
      try {
        inner.remove(path);
      } catch (error) {
        if (!(error instanceof StorageError && removed.has(path))) throw error;
      }
    },
  });
}

function kindOf(path: string): string | undefined {
  return parseFileName(path.slice(path.lastIndexOf('/') + 1))?.kind;
}
