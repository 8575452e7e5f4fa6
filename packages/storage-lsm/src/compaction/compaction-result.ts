/**
 * Checks what a compactor says it has made before a manifest names it.
 *
 * Checked are the facts, the numbers, the sizes, every checksum of header, footer, index and
 * filter, that every entry read was either written or dropped, that the first and last keys are
 * those claimed, and that the tables are in order, share no key, and hold nothing from beyond the
 * job. Not checked is every entry: that would be the job again. Cost: per table, what opening it
 * reads, two blocks, and a sync that finds nothing to do.
 */
import { compareBytes, StorageError } from '@ds/storage';
import type { Cursor, TombstoneFragment } from '@ds/storage/engine';
import { contains, extentOf, type KeyExtent, overlap } from '../table/key-extent.ts';
import { RunCursor } from '../table/run-cursor.ts';
import type { TableFacts } from '../table/table-file.ts';
import type { TableSet } from '../table/table-set.ts';
import { type CompactionJob, jobEntries } from './compaction-job.ts';
import type { Written } from './table-output.ts';

/** Who is believed, and what. */
export interface JobDecisions {
  /** Whether a number in a compactor's event, of a job or of a table, is one of `job`. */
  isOfJob(number: number, job: CompactionJob): boolean;
  /** Resolves with what a compactor has made of `job`; rejects what is not to be believed. */
  checkResult(
    job: CompactionJob,
    written: Written,
    tables: TableSet,
  ): Promise<readonly TableFacts[]>;
}

/** Resolves with the tables of a result; rejects, saying why, when it is not to be believed. */
export async function checkedTables(
  job: CompactionJob,
  { tables: claimed, entriesDropped }: Written,
  tables: TableSet,
): Promise<readonly TableFacts[]> {
  if (!Array.isArray(claimed) || !claimed.every(isTableFacts)) throw wrong(job, 'no table facts');
  const result: readonly TableFacts[] = claimed;
  checkTogether(job, result, entriesDropped);
  for (const facts of result) {
    const file = { facts, versions: 0, open: undefined };
    try {
      const { file: opened } = tables.reader(file);
      checkContents(job, facts, new RunCursor([file], tables), tables.reader(file).tombstones());
      // It has been synced by who wrote it; asking once more lets others run meanwhile.
      await opened.datasync();
    } finally {
      tables.close(file);
    }
  }
  return result;
}

/** Whether `number`, of a job or of a table, is one of the job's numbers. */
export function isOfJob(number: number, { id, maxTables }: CompactionJob): boolean {
  return number >= id && number < id + maxTables;
}

function checkTogether(
  job: CompactionJob,
  result: readonly TableFacts[],
  entriesDropped: number,
): void {
  const all = [...job.inputs, ...job.below];
  const extent = extentOf(all);
  const minSequence = Math.min(...all.map((facts) => facts.minSequence));
  const maxSequence = Math.max(...all.map((facts) => facts.maxSequence));
  let previous: TableFacts | undefined;
  let entries = 0;
  for (const facts of result) {
    const { number } = facts;
    if (!isOfJob(number, job)) {
      throw wrong(job, `table ${number} is none of its numbers`);
    }
    if (facts.minSequence < minSequence || facts.maxSequence > maxSequence) {
      throw wrong(job, `table ${number} has sequences of no input`);
    }
    if (!contains(extent, facts)) throw wrong(job, `table ${number} has keys of no input`);
    if (previous !== undefined) {
      const isNext = compareBytes(previous.smallest, facts.smallest) < 0;
      if (number <= previous.number || !isNext || overlap(previous, facts)) {
        throw wrong(job, `table ${number} is out of order`);
      }
    }
    entries += facts.entries;
    previous = facts;
  }
  if (entries + entriesDropped !== jobEntries(job)) throw wrong(job, 'entries are missing');
}

/** Whether the table begins and ends where its facts say. */
function checkContents(
  job: CompactionJob,
  facts: TableFacts,
  cursor: Cursor,
  fragments: readonly TombstoneFragment[],
): void {
  const extents: KeyExtent[] = [];
  const end = fragments.at(-1)?.end;
  if (end !== undefined) {
    extents.push({ smallest: fragments[0]!.start, largest: end, openEnd: true });
  }
  cursor.first();
  if (cursor.valid) {
    const smallest = cursor.keyBytes.slice(cursor.keyStart, cursor.keyEnd);
    cursor.last();
    const largest = cursor.keyBytes.slice(cursor.keyStart, cursor.keyEnd);
    extents.push({ smallest, largest, openEnd: false });
  }
  const isRight =
    extents.length > 0 &&
    cursor.valid === facts.entries > 0 &&
    fragments.length === facts.rangeTombstones &&
    isSame(extentOf(extents), facts);
  if (!isRight) throw wrong(job, `table ${facts.number} is not what it is said to be`);
}

function isSame(a: KeyExtent, b: KeyExtent): boolean {
  return contains(a, b) && contains(b, a);
}

function isTableFacts(value: unknown): value is TableFacts {
  if (typeof value !== 'object' || value === null) return false;
  const facts = value as Record<keyof TableFacts, unknown>;
  const { number, bytes, entries, tombstones, rangeTombstones, minSequence, maxSequence } = facts;
  return (
    [number, bytes, entries, tombstones, rangeTombstones, minSequence, maxSequence].every(
      (each) => Number.isSafeInteger(each) && (each as number) >= 0,
    ) &&
    facts.smallest instanceof Uint8Array &&
    facts.largest instanceof Uint8Array &&
    typeof facts.openEnd === 'boolean'
  );
}

function wrong({ id, directory }: CompactionJob, reason: string): StorageError {
  return new StorageError('STORAGE_IO', `merge ${id} came back wrong: ${reason}`, {
    path: directory,
  });
}
