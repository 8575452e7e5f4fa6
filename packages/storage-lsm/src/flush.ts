/** Writes a memtable out as one table of level 0. */
import type { Memtable } from './memtable.ts';
import type { ResolvedOptions } from './options.ts';
import { Retention } from './retention.ts';
import { TableOutput } from './table-output.ts';
import type { TableFacts } from './table-writer.ts';

export interface FlushContext {
  readonly options: ResolvedOptions;
  /** The sequences of the snapshots held, ascending. */
  readonly snapshots: readonly number[];
  newFileNumber(): number;
}

/** Resolves with the table's facts when it is durable, its name included. */
export async function flushMemtable(
  memtable: Memtable,
  { options, snapshots, newFileNumber }: FlushContext,
): Promise<TableFacts> {
  const cursor = memtable.cursor();
  cursor.first();
  const source = {
    get top() {
      return cursor.valid ? cursor : undefined;
    },
    advance: () => cursor.next(),
  };
  const output = new TableOutput({
    options,
    newFileNumber,
    tableBytes: Number.POSITIVE_INFINITY,
    // A tombstone stays: older data may lie in any table.
    retention: new Retention({
      snapshots,
      decisions: options.decisions,
      nothingBelow: () => false,
    }),
    onSlice: async () => true,
  });
  const [facts] = (await output.write(source))!;
  return facts!;
}
