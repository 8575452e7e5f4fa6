/** Writes a memtable out as one table of level 0. */
import type { Memtable } from '@ds/storage/engine';
import { Retention } from '../compaction/retention.ts';
import { TableOutput } from '../compaction/table-output.ts';
import type { ResolvedOptions } from '../options.ts';
import type { TableFacts } from '../table/table-file.ts';
import type { TableScratch } from '../table/table-writer.ts';

export interface FlushContext {
  readonly options: ResolvedOptions;
  /** The sequences of the snapshots held, ascending. */
  readonly snapshots: readonly number[];
  readonly scratch?: TableScratch;
  newFileNumber(): number;
  /** Called between slices. */
  onSlice?(): void;
}

/**
 * Resolves with the table's facts when it is durable, its name included; with `undefined` for a
 * memtable that holds nothing.
 */
export async function flushMemtable(
  memtable: Memtable,
  { options, snapshots, scratch, newFileNumber, onSlice }: FlushContext,
): Promise<TableFacts | undefined> {
  const cursor = memtable.cursor();
  cursor.first();
  const source = {
    get top() {
      return cursor.valid ? cursor : undefined;
    },
    advance: () => cursor.next(),
  };
  const { fileSystem, directory, mergeSliceBytes, decisions } = options;
  const output = new TableOutput({
    fileSystem,
    directory,
    shape: options,
    sliceBytes: mergeSliceBytes,
    newFileNumber,
    ...(scratch && { scratch }),
    tableBytes: Number.POSITIVE_INFINITY,
    // A tombstone stays: older data may lie in any table.
    retention: new Retention({
      snapshots,
      decisions,
      fragments: memtable.tombstones.view(),
      nothingBelow: () => false,
    }),
    onSlice: async () => {
      onSlice?.();
      return true;
    },
  });
  const written = await output.write(source);
  return written?.tables[0];
}
