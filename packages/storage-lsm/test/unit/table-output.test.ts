/** Where one table ends and the next begins. */

import { Memtable } from '@ds/storage/engine';
import { MemoryFileSystem } from '@ds/storage/memory';
import { expect, it } from 'vitest';
import { Retention } from '../../src/compaction/retention.ts';
import { TableOutput } from '../../src/compaction/table-output.ts';
import { SAFE_DECISIONS } from '../../src/decisions.ts';
import { TableSet } from '../../src/table/table-set.ts';
import { text, toText } from '../text.ts';

it('a range tombstone that begins where a table ends goes whole into the next', async () => {
  const fileSystem = new MemoryFileSystem();
  fileSystem.mkdir('d');
  const memtable = new Memtable(1, 4096);
  memtable.insert(1, text('a'), text('v'.repeat(900)));
  memtable.insert(2, text('b'), text('w'));
  const end = 'c'.repeat(200);
  // It makes the table full, and begins at the very key that the next one then begins with.
  const fragments = [{ start: text('b'), end: text(end), sequences: [1] }];
  const cursor = memtable.cursor();
  cursor.first();
  let number = 0;
  const output = new TableOutput({
    fileSystem,
    directory: 'd',
    shape: { blockBytes: 256, bloomBitsPerKey: 10 },
    retention: new Retention({
      snapshots: [],
      decisions: SAFE_DECISIONS,
      fragments,
      nothingBelow: () => false,
    }),
    tableBytes: 1000,
    sliceBytes: 4096,
    newFileNumber: () => ++number,
    onSlice: async () => true,
  });
  const written = await output.write({
    get top() {
      return cursor.valid ? cursor : undefined;
    },
    advance: () => cursor.next(),
  });
  const tables = new TableSet({
    ...{
      fileSystem,
      directory: 'd',
      maxOpenTables: 4,
      blockCacheBytes: 0,
      blockBytes: 256,
    },
    ...{ compression: undefined, codecs: [], decisions: SAFE_DECISIONS },
  });
  const found = written?.tables.map((facts) => {
    const table = tables.openOnce(facts);
    return {
      entries: facts.entries,
      ranges: table.tombstones().map((each) => [toText(each.start), toText(each.end)]),
    };
  });
  expect(found).toEqual([
    { entries: 1, ranges: [] },
    { entries: 1, ranges: [['b', end]] },
  ]);
});
