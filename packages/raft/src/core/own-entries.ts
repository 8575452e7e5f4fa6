/** What a leader appends to its own log; invariant 2: it never takes anything back. */

import { entryBytes, type LogEntry } from '../log/entry.ts';
import type { Configuration } from '../members/configuration.ts';
import { encodeConfiguration } from '../members/configuration-codec.ts';
import type { Proposal } from './events.ts';
import { noteAppended } from './members-in-force.ts';
import type { RaftState } from './raft-state.ts';

/** Appends to this leader's own log. */
export function appendOwn(raft: RaftState, { kind, command, tag }: Proposal): void {
  const entry: LogEntry = { index: raft.log.lastIndex + 1, term: raft.term, kind, command, tag };
  raft.log.append(entry);
  raft.unappliedBytes += entryBytes(entry);
  noteAppended(raft, entry);
}

export function appendConfiguration(raft: RaftState, configuration: Configuration): void {
  const command = encodeConfiguration(configuration);
  appendOwn(raft, { kind: 'configuration', command, tag: undefined });
}
