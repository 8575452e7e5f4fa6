import { expect, it } from 'vitest';
import { type PendingProposal, PendingProposals } from '../../src/driver/pending-proposals.ts';
import type { LogEntry } from '../../src/log/entry.ts';

const command = new Uint8Array(0);

function pending(outcomes: unknown[]): PendingProposal {
  return {
    kind: 'command',
    command,
    tag: undefined,
    resolve: (result) => outcomes.push(result),
    reject: (reason) => outcomes.push((reason as { code: string }).code),
    index: 0,
    term: 0,
  };
}

function entry(index: number, term: number): LogEntry {
  return { index, term, kind: 'command', command };
}

// Found by the simulation: one message of a new leader can replace an entry and commit the other,
// before the old leader has noticed anything.
it("a command is not answered with the result of another leader's entry in its place", () => {
  const proposals = new PendingProposals();
  const outcomes: unknown[] = [];
  proposals.appended([pending(outcomes), pending(outcomes)], 5, 2);
  const result = Uint8Array.of(1);
  const ok = { ok: true, result } as const;
  proposals.applied([entry(4, 2), entry(5, 2), entry(6, 3)], [ok, ok, ok]);
  expect(outcomes).toEqual([result, 'RAFT_NOT_LEADER']);
  expect(proposals.size).toBe(0);
});
