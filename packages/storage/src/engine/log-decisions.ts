/**
 * What the safety of a log hangs on, as functions that tests can replace with a plausible mistake
 * and see the checkers catch it. The product always runs {@link SAFE_LOG_DECISIONS}.
 */
export interface LogDecisions {
  /** Whether bytes are what was written. */
  checksumMatches(stored: number, computed: number): boolean;
  /** Whether a record found in a log was written to this log and comes next. */
  isNextRecord(facts: RecordFacts): boolean;
}

export interface RecordFacts {
  /** The log's number, and the one in the record: a recycled file holds records of both. */
  readonly logNumber: number;
  readonly recordNumber: number;
  /** The sequence that is due, and the one that the record begins with. */
  readonly nextSequence: number;
  readonly firstSequence: number;
}

export const SAFE_LOG_DECISIONS: LogDecisions = {
  checksumMatches: (stored, computed) => stored === computed,
  isNextRecord: ({ logNumber, recordNumber, nextSequence, firstSequence }) =>
    recordNumber === logNumber && firstSequence === nextSequence,
};
