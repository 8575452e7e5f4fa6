import { fileSystemConformance, keyValueStoreConformance } from '@ds/storage/conformance';
import { MemoryFileSystem, MemoryStore } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { fill } from './subjects.ts';

const rulesOf = (titles: readonly string[]) => [...new Set(titles.map((t) => t.split(':')[0]))];

describe('MemoryFileSystem', () => {
  const { uncovered } = fileSystemConformance({
    describe,
    it,
    expect,
    create: () => {
      const fileSystem = new MemoryFileSystem({ maxBytes: 12_000_000 });
      fileSystem.mkdir('/root');
      return { fileSystem, root: '/root', close: () => {} };
    },
    fill: ({ fileSystem, root }) => fill(fileSystem, root),
    secondView: ({ fileSystem }) => fileSystem,
  });

  it('cannot crash, lose a sync or its owner, and is not asked to', () => {
    expect(rulesOf(uncovered)).toEqual(['durability', 'rule 3', 'rule 5', 'rule 6']);
  });
});

describe('MemoryStore', () => {
  const { uncovered } = keyValueStoreConformance({
    describe,
    it,
    expect,
    create: () => {
      const store = new MemoryStore();
      return { store, close: () => store.close() };
    },
  });

  it('cannot crash or be damaged or reopened, and is not asked to', () => {
    const rules = ['rule 1', 'rule 2', 'rule 9', 'rule 10', 'rules 1 to 9'];
    expect(rulesOf(uncovered)).toEqual(rules);
  });
});
