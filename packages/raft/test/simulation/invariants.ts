/**
 * What must hold over all members at every moment (figure 3 of the paper), checked from outside
 * after each event of the world.
 */

import type { RaftCore } from '../../src/core/core.ts';
import type { CommittedEntry } from '../../src/index.ts';
import {
  type Configuration,
  isJoint,
  leaveJoint,
  nextConfiguration,
} from '../../src/members/configuration.ts';
import { decodeConfiguration } from '../../src/members/configuration-codec.ts';
import type { PlacedConfiguration } from '../../src/members/configuration-history.ts';

interface Seen {
  readonly core: RaftCore;
  role: string;
  term: number;
  commitIndex: number;
}

export class Invariants {
  /** The leader of each term, across all lives of all members. */
  readonly #leaders = new Map<number, string>();
  /** The term of each committed entry, and the term in which it was. */
  readonly #committed: number[] = [];
  readonly #committedIn: number[] = [];
  /** What was applied at each index, by anyone. */
  readonly #applied: string[] = [];
  readonly #seen = new Map<string, Seen>();
  /** What has been applied of them, by anyone. */
  readonly #configurations: PlacedConfiguration[] = [];
  #checks = 0;

  get leaders(): number {
    return this.#leaders.size;
  }

  get committed(): number {
    return this.#committed.length;
  }

  /** Changes of members that were completed, steps of joint ones counted apart. */
  get configurations(): number {
    return this.#configurations.length - 1;
  }

  /** State machine safety: no two members apply different entries at an index. */
  applied(id: string, entries: readonly CommittedEntry[]): void {
    for (const { index, term, kind, command, tag } of entries) {
      const entry = JSON.stringify([term, kind, [...command], tag ?? null]);
      const before = this.#applied[index];
      if (before !== undefined && before !== entry) {
        throw new Error(`state machine safety: ${id} applies ${entry} at ${index}, not ${before}`);
      }
      this.#applied[index] = entry;
      if (kind === 'configuration') this.#configured(index, decodeConfiguration(command));
    }
  }

  /** Each configuration is one safe step from the one before. */
  #configured(index: number, next: Configuration): void {
    const last = this.#configurations.at(-1);
    if (last !== undefined && index <= last.index) return;
    const configuration = last?.configuration ?? next;
    if (!isSafeStep(configuration, next)) {
      const steps = `${JSON.stringify(configuration)} to ${JSON.stringify(next)}`;
      throw new Error(`configurations: entry ${index} goes from ${steps}`);
    }
    this.#configurations.push({ index, configuration: next });
  }

  /** Who takes part at an entry is the same for all who have applied it. */
  #checkConfiguration(id: string, core: RaftCore): void {
    if (core.restoring || core.appliedIndex === 0) return;
    const { appliedIndex } = core;
    const expected = this.#configurations.findLast(({ index }) => index <= appliedIndex)!;
    const own = core.configurationAt(appliedIndex);
    if (JSON.stringify(own) !== JSON.stringify(expected.configuration)) {
      throw new Error(`configurations: ${id} has ${JSON.stringify(own)} at ${appliedIndex}`);
    }
  }

  check(cores: ReadonlyMap<string, RaftCore>): void {
    this.#checks += 1;
    for (const [id, core] of cores) this.#checkCore(id, core);
    if (this.#checks % 500 === 0) this.checkLogMatching(cores);
  }

  #checkCore(id: string, core: RaftCore): void {
    let seen = this.#seen.get(id);
    if (seen?.core !== core) {
      seen = { core, role: 'follower', term: 0, commitIndex: core.baseIndex };
      this.#seen.set(id, seen);
    }
    const { role, term, commitIndex } = core;
    if (role === 'leader' && (seen.role !== 'leader' || seen.term !== term)) {
      this.#checkLeader(id, core);
    }
    if (core.configurationIndex > 0) this.#checkConfiguration(id, core);
    if (commitIndex > seen.commitIndex) this.#checkCommit(id, core, seen.commitIndex);
    seen.role = role;
    seen.term = term;
    seen.commitIndex = commitIndex;
  }

  #checkLeader(id: string, core: RaftCore): void {
    const other = this.#leaders.get(core.term);
    if (other !== undefined && other !== id) {
      throw new Error(`election safety: ${id} and ${other} both lead in term ${core.term}`);
    }
    this.#leaders.set(core.term, id);
    for (let index = core.baseIndex + 1; index < this.#committed.length; index += 1) {
      const term = this.#committed[index];
      // What was committed in a later term this leader, elected late, need not have.
      if (term === undefined || this.#committedIn[index]! >= core.term) continue;
      if (core.termAt(index) !== term) {
        throw new Error(
          `leader completeness: ${id} leads term ${core.term} without entry ${index}`,
        );
      }
    }
  }

  #checkCommit(id: string, core: RaftCore, from: number): void {
    for (let index = Math.max(from, core.baseIndex) + 1; index <= core.commitIndex; index += 1) {
      const term = core.termAt(index)!;
      const before = this.#committed[index];
      if (before !== undefined && before !== term) {
        throw new Error(`${id} commits entry ${index} of term ${term}, others of term ${before}`);
      }
      this.#committed[index] = term;
      this.#committedIn[index] ??= core.term;
    }
  }

  /** Logs that agree at an index agree on everything before it. */
  checkLogMatching(cores: ReadonlyMap<string, RaftCore>): void {
    const all = [...cores];
    for (const [i, [nameA, a]] of all.entries()) {
      for (const [nameB, b] of all.slice(i + 1)) {
        let agreed = false;
        const first = Math.max(a.baseIndex, b.baseIndex) + 1;
        const last = Math.min(a.status().lastIndex, b.status().lastIndex);
        for (let index = last; index >= first; index -= 1) {
          const equal = a.termAt(index) === b.termAt(index);
          if (agreed && !equal) {
            throw new Error(
              `log matching: ${nameA} and ${nameB} differ at ${index} and agree later`,
            );
          }
          agreed ||= equal;
        }
      }
    }
  }
}

function isSafeStep(from: Configuration, to: Configuration): boolean {
  if (isJoint(from)) return JSON.stringify(leaveJoint(from)) === JSON.stringify(to);
  if (isJoint(to)) return JSON.stringify(to.outgoing) === JSON.stringify(from.voters);
  const changes = to.voters.map((id) => ({ type: 'voter', id }) as const);
  const removed = from.voters.filter((id) => !to.voters.includes(id));
  const all = [...changes, ...removed.map((id) => ({ type: 'remove', id }) as const)];
  return !isJoint(nextConfiguration(from, all));
}
