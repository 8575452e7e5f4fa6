/**
 * What goes to stable storage, in which order, and what is known to be there (invariants 6 and 7).
 *
 * Every write has a sequence number. Storage reports them in order, so one number says that all
 * before it are on disk as well; how much of the log as it is now that proves, `rules.durableIndex`
 * decides from the writes still under way.
 */
import { hardStateSettled } from './election.ts';
import type { SequencedWrite } from './events.ts';
import { invariant, type RaftState } from './raft-state.ts';
import type { WriteRecord } from './rules.ts';

/** What has changed since the last write, if anything has. */
export function takeWrite(raft: RaftState): SequencedWrite | undefined {
  const { log } = raft;
  const hasEntries = raft.unwrittenFrom <= log.lastIndex;
  const { hardStateDirty, resetTo, compactTo } = raft;
  if (!hasEntries && !hardStateDirty && resetTo === undefined && compactTo === undefined) {
    return undefined;
  }
  const sequence = ++raft.sequence;
  const firstIndex = raft.unwrittenFrom;
  const entries = hasEntries ? log.slice(firstIndex, log.lastIndex, Number.MAX_VALUE)! : [];
  const term = log.lastTerm;
  const index = log.lastIndex;
  // A reset touches the whole log.
  const touched = resetTo === undefined ? firstIndex : 1;
  raft.pendingWrites.push({ sequence, firstIndex: touched, lastIndex: index, lastTerm: term });
  if (hardStateDirty) raft.hardStateSequence = sequence;
  raft.unwrittenFrom = index + 1;
  raft.hardStateDirty = false;
  raft.resetTo = undefined;
  raft.compactTo = undefined;
  const hardState = hardStateDirty ? raft.hardState : undefined;
  return { sequence, term, index, hardState, reset: resetTo, entries, compact: compactTo };
}

/** A write is on disk, and with it every earlier one. */
export function receivePersisted(
  raft: RaftState,
  sequence: number,
  term: number,
  index: number,
): void {
  const { pendingWrites } = raft;
  let done: WriteRecord | undefined;
  while (pendingWrites.length > 0 && pendingWrites[0]!.sequence <= sequence) {
    done = pendingWrites.shift();
  }
  if (done === undefined) return;
  invariant(
    done.sequence === sequence && done.lastIndex === index && done.lastTerm === term,
    7,
    'a write is reported that was never handed out',
  );
  raft.persisted = done;
  const ownTerm = (at: number): number | undefined => raft.log.term(at);
  const durable = raft.rules.durableIndex(done, pendingWrites, raft.unwrittenFrom, ownTerm);
  if (durable !== raft.durableIndex) {
    raft.durableIndex = durable;
    raft.commitMayAdvance = true;
  }
  if (raft.hardStateSettled) hardStateSettled(raft);
  if (raft.restoreAfterSequence > 0 && sequence >= raft.restoreAfterSequence) {
    raft.restoreAfterSequence = 0;
    raft.effects.restore = raft.restoring;
  }
}
