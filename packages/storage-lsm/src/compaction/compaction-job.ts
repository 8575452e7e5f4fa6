/**
 * A merge as a message: all it takes, as plain data, so that it can run on this thread, in a
 * worker, or on the far side of a network that a simulator plays; and the function that runs it.
 *
 * It reads the tables it names, which never change, and writes new ones under numbers that are its
 * alone and that nobody will ever use again. So running it twice, late, or after everybody has
 * forgotten about it harms nothing: at worst it leaves files behind, which opening removes.
 */
import type { FileSystem } from '@ds/storage';
import { type Cursor, MergeCursor, mergeFragments } from '@ds/storage/engine';
import { type BlockCodec, STORED } from '../block/block-codec.ts';
import { type KeyExtent, unionOverlaps } from '../table/key-extent.ts';
import { RunCursor } from '../table/run-cursor.ts';
import type { TableFacts, TableFile } from '../table/table-file.ts';
import type { TableSet } from '../table/table-set.ts';
import { Retention, type RetentionDecisions } from './retention.ts';
import { TableOutput, type Written } from './table-output.ts';

/** How the new tables are to be written; as `TableShape`, with the codec by its number. */
export interface JobShape {
  readonly blockBytes: number;
  readonly bloomBitsPerKey: number;
  /** 0 for none. */
  readonly codec: number;
}

/** Plain data: numbers, bytes, arrays. */
export interface CompactionJob {
  /** Never used again in this directory: it is the first of the numbers below. */
  readonly id: number;
  readonly directory: string;
  /** The tables of `inputs` go from `level` to the next, together with `below`, which lie there. */
  readonly level: number;
  readonly inputs: readonly TableFacts[];
  readonly below: readonly TableFacts[];
  /** Where the levels below the output have keys, in order: tombstones stay above them. */
  readonly beneath: readonly KeyExtent[];
  /** The sequences of the snapshots held, ascending. */
  readonly snapshots: readonly number[];
  /** The output's file numbers are `id` and those that follow, so many. */
  readonly maxTables: number;
  readonly shape: JobShape;
  readonly tableBytes: number;
}

/** How a job is run: what is not plain data. */
export interface JobContext {
  readonly fileSystem: FileSystem;
  readonly tables: TableSet;
  readonly decisions: RetentionDecisions;
  readonly sliceBytes: number;
  /** Those it may compress with. */
  readonly codecs: readonly BlockCodec[];
  fileOf(facts: TableFacts): TableFile;
  /** Called between slices with the entries read so far; `false` gives the job up. */
  onSlice(entriesRead: number): Promise<boolean>;
}

/**
 * Merges; resolves with the new tables when they are durable, or with `undefined` when given up,
 * with nothing left behind.
 * @throws {StorageError}
 */
export async function runCompactionJob(
  job: CompactionJob,
  context: JobContext,
): Promise<Written | undefined> {
  const { fileSystem, tables, decisions, sliceBytes, fileOf, onSlice } = context;
  const { codec, blockBytes, bloomBitsPerKey } = job.shape;
  const compression = context.codecs.find(({ id }) => id === codec);
  if (codec !== STORED && compression === undefined) {
    throw new RangeError(`the codec ${codec} is not known here`);
  }
  const inputs = job.inputs.map(fileOf);
  const below = job.below.map(fileOf);
  const withRanges = [...inputs, ...below].filter(({ facts }) => facts.rangeTombstones > 0);
  let next = job.id;
  const output = new TableOutput({
    fileSystem,
    directory: job.directory,
    shape: { blockBytes, bloomBitsPerKey, compression },
    tableBytes: job.tableBytes,
    sliceBytes,
    retention: new Retention({
      snapshots: job.snapshots,
      decisions,
      fragments: mergeFragments(withRanges.map((table) => tables.reader(table).tombstones())),
      nothingBelow: (extent) => !unionOverlaps(job.beneath, extent),
    }),
    newFileNumber: () => {
      if (next === job.id + job.maxTables) throw new RangeError('the merge has no number left');
      return next++;
    },
    onSlice,
  });
  return output.write(mergedEntries(job.level, inputs, below, tables));
}

/** The entries that a job reads. */
export function jobEntries({ inputs, below }: CompactionJob): number {
  return [...inputs, ...below].reduce((sum, { entries }) => sum + entries, 0);
}

/** The entries of all tables, merged. */
function mergedEntries(
  level: number,
  inputs: readonly TableFile[],
  below: readonly TableFile[],
  tables: TableSet,
): MergeCursor {
  const scan = { scan: true };
  const sources: Cursor[] =
    level === 0
      ? inputs.map((table) => new RunCursor([table], tables, scan))
      : [new RunCursor(inputs, tables, scan)];
  sources.push(new RunCursor(below, tables, scan));
  for (const source of sources) source.first();
  return new MergeCursor(sources, false);
}
