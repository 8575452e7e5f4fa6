/**
 * Cores without drivers, moved by hand: a script says when time passes, which messages arrive, and
 * whose disk has caught up. Nothing happens by itself.
 */

import { type CoreOptions, RaftCore } from '../../src/core/core.ts';
import type { Ready, SequencedWrite } from '../../src/core/events.ts';
import { decodeMessage, encodeMessage, type RaftMessage } from '../../src/core/message.ts';
import { RaftError } from '../../src/errors.ts';
import type { LogEntry } from '../../src/log/entry.ts';
import type { HardState, TermRun } from '../../src/log/raft-log.ts';
import { initialConfiguration, type MemberChange } from '../../src/members/configuration.ts';

export const ELECTION_MS = 100;

export interface Parcel {
  readonly from: string;
  readonly to: string;
  readonly message: RaftMessage;
}

export interface Start {
  /** The terms of the entries 1, 2, 3, ... that this member has on disk. */
  readonly terms?: readonly number[];
  readonly hardState?: HardState;
  readonly settings?: Partial<CoreOptions>;
  /** It is not of the group yet, and knows nothing. */
  readonly joins?: boolean;
}

export class Member {
  readonly core: RaftCore;
  readonly applied: number[] = [];
  readonly reads: number[] = [];
  readonly refusals: string[] = [];
  readonly writes: SequencedWrite[] = [];
  readonly entries: LogEntry[] = [];

  constructor(id: string, voters: readonly string[], { terms = [], hardState, settings }: Start) {
    const runs: TermRun[] = [];
    for (const [i, term] of terms.entries()) {
      if (term !== terms[i - 1]) runs.push({ firstIndex: i + 1, term });
      this.entries.push({ index: i + 1, term, kind: 'no-op', command: new Uint8Array(0) });
    }
    this.core = new RaftCore({
      self: id,
      recovered: {
        hardState: hardState ?? { term: terms.at(-1) ?? 0, votedFor: undefined },
        base: { index: 0, term: 0 },
        lastIndex: terms.length,
        terms: runs,
        configurations: [{ index: 0, configuration: initialConfiguration(voters) }],
      },
      appliedIndex: 0,
      nowMs: 0,
      random: 0,
      incarnation: 0,
      electionTimeoutMs: ELECTION_MS,
      heartbeatIntervalMs: 10,
      electionPriority: 1,
      leaseReads: false,
      maxClockDrift: 0.1,
      maxBatchBytes: 10_000,
      maxInFlightMessages: 8,
      maxInFlightBytes: 100_000,
      maxUncommittedBytes: 1_000,
      maxCacheBytes: 100_000,
      ...settings,
    });
  }

  /** The terms of its log, from the first entry on. */
  get terms(): number[] {
    const { firstIndex, lastIndex } = this.core.status();
    const terms: number[] = [];
    for (let i = firstIndex; i <= lastIndex; i += 1) terms.push(this.core.termAt(i)!);
    return terms;
  }
}

export class Group {
  readonly members: Map<string, Member> = new Map();
  /** Sent and neither delivered nor dropped. */
  parcels: Parcel[] = [];
  nowMs = 0;
  /** Members whose disks answer only to `persist`. */
  readonly slowDisks: Set<string> = new Set();
  readonly #down = new Set<string>();

  constructor(starts: Readonly<Record<string, Start>>) {
    const voters = Object.keys(starts).filter((id) => !starts[id]!.joins);
    for (const [id, start] of Object.entries(starts)) {
      this.members.set(id, new Member(id, start.joins ? [] : voters, start));
    }
  }

  member(id: string): Member {
    return this.members.get(id)!;
  }

  core(id: string): RaftCore {
    return this.member(id).core;
  }

  /** Lets `id`'s election timer run out, and nobody else's. */
  timeout(id: string): void {
    this.nowMs += 2 * ELECTION_MS;
    this.#step(id, { kind: 'time', nowMs: this.nowMs, random: 0 });
  }

  /** Time passes for `id`. */
  tick(id: string, ms: number): void {
    this.nowMs += ms;
    this.#step(id, { kind: 'time', nowMs: this.nowMs, random: 0 });
  }

  propose(id: string, bytes = 1): void {
    const proposal = { kind: 'command', command: new Uint8Array(bytes), tag: undefined } as const;
    this.#step(id, { kind: 'propose', proposals: [proposal] });
  }

  /** `'voter d'`, `'learner d'`, `'remove d'`. */
  change(id: string, ...changes: readonly `${MemberChange['type']} ${string}`[]): void {
    const parsed = changes.map((change) => {
      const [type, member] = change.split(' ') as [MemberChange['type'], string];
      return { type, id: member };
    });
    const empty = { command: new Uint8Array(0), tag: undefined };
    const proposal = { kind: 'configuration', changes: parsed, ...empty } as const;
    this.#step(id, { kind: 'propose', proposals: [proposal] });
  }

  read(id: string, read: number): void {
    this.#step(id, { kind: 'read', id: read, nowMs: this.nowMs });
  }

  receive(to: string, from: string, message: RaftMessage): void {
    this.#step(to, { kind: 'message', from, message, nowMs: this.nowMs });
  }

  /** Everything `id` has handed to its disk is on it; or only the first `count` writes. */
  persist(id: string, count: number = Number.POSITIVE_INFINITY): void {
    const { writes } = this.member(id);
    const done = writes.splice(0, count).at(-1);
    if (done === undefined) return;
    const { sequence, term, index } = done;
    this.#step(id, { kind: 'persisted', sequence, term, index });
  }

  /** Messages to and from `id` are lost from here on. */
  cut(...ids: string[]): void {
    for (const id of ids) this.#down.add(id);
  }

  heal(): void {
    this.#down.clear();
  }

  /** Delivers until nothing is on its way. */
  settle(): void {
    for (let rounds = 0; this.parcels.length > 0; rounds += 1) {
      if (rounds > 1_000) throw new Error('the group does not come to rest');
      this.deliver();
    }
  }

  /** Delivers what is on its way now, as far as `which` says so; the rest stays. */
  deliver(which: (parcel: Parcel) => boolean = () => true): void {
    const parcels = this.parcels;
    this.parcels = parcels.filter((parcel) => !which(parcel));
    for (const parcel of parcels.filter(which)) {
      if (this.#down.has(parcel.from) || this.#down.has(parcel.to)) continue;
      if (!this.members.has(parcel.to)) continue;
      // By way of the wire's form, so that every script tests the decoder as well.
      this.receive(parcel.to, parcel.from, decodeMessage(encodeMessage(parcel.message)));
    }
  }

  drop(which: (parcel: Parcel) => boolean = () => true): void {
    this.parcels = this.parcels.filter((parcel) => !which(parcel));
  }

  elect(id: string): void {
    this.timeout(id);
    this.settle();
    if (this.core(id).role !== 'leader') throw new Error(`${id} was not elected`);
  }

  #step(id: string, event: Parameters<RaftCore['step']>[0]): void {
    const member = this.member(id);
    member.core.step(event);
    for (let ready = member.core.ready(); ready !== undefined; ready = member.core.ready()) {
      this.#carryOut(id, member, ready);
    }
  }

  #carryOut(id: string, member: Member, ready: Ready): void {
    for (const { to, message } of ready.messages) this.parcels.push({ from: id, to, message });
    for (const { id: read } of ready.reads) member.reads.push(read);
    for (const { refusal } of ready.proposed) {
      if (refusal instanceof RaftError) member.refusals.push(refusal.refusal ?? refusal.code);
      else if (refusal) member.refusals.push(refusal);
    }
    if (ready.write !== undefined) {
      for (const entry of ready.write.entries) {
        member.entries.length = entry.index - 1;
        member.entries.push(entry);
      }
      member.writes.push(ready.write);
      if (!this.slowDisks.has(id)) this.persist(id);
    }
    if (ready.apply !== undefined) {
      const { firstIndex, lastIndex } = ready.apply;
      for (let i = firstIndex; i <= lastIndex; i += 1) member.applied.push(i);
      member.core.step({ kind: 'applied', index: lastIndex });
    }
    for (const { peer, firstIndex, lastIndex } of ready.loads) {
      const entries = member.entries.slice(firstIndex - 1, lastIndex);
      member.core.step({ kind: 'loaded', peer, entries });
    }
  }
}
