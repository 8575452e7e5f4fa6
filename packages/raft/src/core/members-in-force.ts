/**
 * A member uses the configuration that its log says (paper section 6): what follows for it when an
 * entry brings another one, takes one back, or is committed.
 */

import type { LogEntry } from '../log/entry.ts';
import { decodeConfiguration } from '../members/configuration-codec.ts';
import { Progress } from './progress.ts';
import type { RaftState } from './raft-state.ts';

/** An entry has been appended to this log. */
export function noteAppended(raft: RaftState, { kind, index, command }: LogEntry): void {
  if (kind !== 'configuration') return;
  raft.configurations.append({ index, configuration: decodeConfiguration(command) });
  configurationMayDiffer(raft);
}

/** The log, or what is committed of it, has changed: another configuration may count. */
export function configurationMayDiffer(raft: RaftState): void {
  if (!raft.updateConfiguration()) return;
  if (raft.role === 'leader') followProgress(raft);
  else if (raft.mayStand !== Number.isFinite(raft.electionDeadlineMs)) raft.resetElectionTimer();
}

/** A leader knows the progress of exactly the other members. */
export function followProgress(raft: RaftState): void {
  const { peers, progress } = raft;
  for (const peer of progress.keys()) if (!peers.includes(peer)) progress.delete(peer);
  for (const peer of peers) {
    if (!progress.has(peer)) {
      progress.set(peer, new Progress(peer, raft.log.lastIndex + 1, raft.nowMs));
    }
  }
  if (raft.transfer !== undefined && !progress.has(raft.transfer.to)) raft.transfer = undefined;
  raft.commitMayAdvance = true;
}
