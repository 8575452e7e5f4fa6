/**
 * Connects the pure core to the ports: the one file where Raft meets clock, network, log and
 * machine.
 *
 * Everything that happens is an event for the core; at the end of the current work one `#flush`
 * carries out what the core wants, so that all that arrived together shares one write, one message
 * per follower and one round of reads. One sync is in flight while the next group gathers; one
 * apply is in flight while the log goes on.
 *
 * A failed write, sync or apply ends this node's part in the group: what reached the disk is then
 * unknown, and a member that guesses is worse than one that is missing.
 */
import type { Clock } from '@ds/clock';
import type { Channel, NodeId, Unsubscribe } from '@ds/transport';
import { RaftCore } from '../core/core.ts';
import type { Proposed, RaftEvent, Ready } from '../core/events.ts';
import { decodeMessage, type RaftMessage } from '../core/message.ts';
import { type Rules, raftRules } from '../core/rules.ts';
import { RaftError } from '../errors.ts';
import type { LogEntry } from '../log/entry.ts';
import type { ApplyResult } from '../machine/state-machine.ts';
import type { Configuration, MemberChange } from '../members/configuration.ts';
import { Compaction } from '../snapshots/compaction.ts';
import { SnapshotReceiver } from '../snapshots/snapshot-receiver.ts';
import { SnapshotSender } from '../snapshots/snapshot-sender.ts';
import { awaitTransfer } from './await-transfer.ts';
import { ChangeNotice } from './change-notice.ts';
import { Conditions } from './conditions.ts';
import { diagnostics } from './diagnostics.ts';
import { LogSync } from './log-sync.ts';
import { MachineFeed } from './machine-feed.ts';
import { changeMembers } from './member-change.ts';
import { MessageSender } from './message-sender.ts';
import type {
  CloseOptions,
  ProposeOptions,
  RaftNode,
  RaftNodeOptions,
  RaftStatus,
  ReadOptions,
  WaitOptions,
} from './node.ts';
import { type ResolvedOptions, resolveOptions } from './options.ts';
import { abortable, type PendingProposal, PendingProposals } from './pending-proposals.ts';
import { PendingReads } from './pending-reads.ts';
import { beginLog, recoverMachine } from './recovery.ts';
import { failed, messageOf, notLeader, overloaded } from './refusals.ts';
import { WakeUp } from './wake-up.ts';

const NOTHING = new Uint8Array(0);
const DONE = Promise.resolve();

/**
 * Opens a member: finishes a snapshot that was being installed, then takes part.
 * @throws {RaftError} `RAFT_CORRUPT` when log and machine do not belong together.
 */
export function openRaftNode(options: RaftNodeOptions): Promise<RaftNode> {
  return openWithRules(options, raftRules);
}

/** As {@link openRaftNode}, with the protocol's decisions given: for tests that replace one. */
export async function openWithRules(options: RaftNodeOptions, rules: Rules): Promise<RaftDriver> {
  const resolved = resolveOptions(options);
  beginLog(options.log, options.members);
  await recoverMachine(options.log, options.machine);
  return new RaftDriver(resolved, rules);
}

export class RaftDriver implements RaftNode {
  readonly self: NodeId;
  readonly core: RaftCore;
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #channel: Channel<unknown>;
  readonly #messages: MessageSender;
  readonly #changes: ChangeNotice;
  readonly #subscriptions: Unsubscribe[];
  readonly #proposals = new PendingProposals();
  readonly #reads = new PendingReads();
  readonly #conditions = new Conditions();
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  #state: 'open' | 'failed' | 'closed' = 'open';
  #failure: unknown;
  #flushing = false;
  #flushDue = false;
  readonly #wakeUp: WakeUp;
  readonly #sync: LogSync;
  readonly #feed: MachineFeed;
  readonly #compaction: Compaction;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedOptions, rules: Rules) {
    const { self, clock, transport, log, machine, random } = options;
    this.#options = options;
    this.#clock = clock;
    this.self = self;
    this.#changes = new ChangeNotice(self, () => this.status());
    this.core = new RaftCore(
      {
        ...options,
        recovered: log.recovered(),
        appliedIndex: machine.appliedIndex,
        nowMs: clock.monotonic(),
        random: random(),
        incarnation: Math.floor(random() * 2 ** 48),
      },
      rules,
    );
    this.#channel = transport.channel<unknown>(options.channelName, decodeMessage);
    this.#messages = new MessageSender(this.#channel);
    const send = (to: NodeId, message: RaftMessage): boolean => this.#send(to, message);
    const step = (event: RaftEvent): boolean => this.#step(event);
    const fail = (error: unknown): void => this.#fail(error);
    this.#sender = new SnapshotSender({
      options,
      send,
      step,
      term: () => this.core.term,
      configurationAt: (index) => this.core.configurationAt(index),
      isNeeded: (peer) => this.core.needsSnapshot(peer),
    });
    this.#receiver = new SnapshotReceiver({
      log,
      send,
      term: () => this.core.term,
      isWanted: (position) => this.core.isWanted(position),
      staged: (base) => step({ kind: 'staged', base }),
      fail,
    });
    this.#compaction = new Compaction({ options, core: this.core, step, fail });
    this.#sync = new LogSync({ log, step, fail });
    this.#feed = new MachineFeed({
      options,
      cached: (first, last, maxBytes) => this.core.cached(first, last, maxBytes),
      applied: (entries, results) => this.#applied(entries, results),
      step,
      fail,
    });
    this.#wakeUp = new WakeUp({
      clock,
      deadline: () => this.core.deadline,
      due: (nowMs) => step({ kind: 'time', nowMs, random: random() }),
    });
    this.#subscriptions = [
      this.#channel.onMessage((from, message) => this.#receive(from, message as RaftMessage)),
      this.#channel.onDrain((peer) => step({ kind: 'reachable', peer })),
      transport.onPeer(({ kind, peer }) => {
        if (kind === 'up') step({ kind: 'reachable', peer });
      }),
    ];
    this.#schedule();
  }

  status(): RaftStatus {
    // Seventy times as fast as spreading an object of so many members, and some look often.
    return Object.assign(this.core.status(), {
      state: this.#state,
      pendingProposals: this.#proposals.size,
      pendingReads: this.#reads.size,
      failure: this.#state === 'failed' ? messageOf(this.#failure) : undefined,
    });
  }

  propose(command: Uint8Array, { tag, signal }: ProposeOptions = {}): Promise<Uint8Array> {
    const { maxCommandBytes } = this.#options;
    if (command.length > maxCommandBytes) {
      const text = `a command of ${command.length} bytes exceeds the limit of ${maxCommandBytes}`;
      return Promise.reject(new RangeError(text));
    }
    return new Promise((resolve, reject) => {
      this.#submit({ kind: 'command', command, tag, resolve, reject, index: 0, term: 0 }, signal);
    });
  }

  registerSession({ signal }: WaitOptions = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      const pending: PendingProposal = {
        kind: 'register-session',
        command: NOTHING,
        tag: undefined,
        resolve: () => resolve(pending.index),
        reject,
        index: 0,
        term: 0,
      };
      this.#submit(pending, signal);
    });
  }

  readIndex({ signal, maxStalenessMs = 0 }: ReadOptions = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      signal?.throwIfAborted();
      const freshMs = this.#clock.monotonic() - maxStalenessMs;
      if (maxStalenessMs > 0 && this.#reads.confirmedMs >= freshMs && !this.core.restoring) {
        return resolve(this.core.appliedIndex);
      }
      if (this.#reads.size >= this.#options.maxPendingReads) throw this.#overloaded('reads');
      this.#reads.add({ resolve, reject }, signal);
      this.#schedule();
    });
  }

  transferLeadership(to?: NodeId, { signal }: WaitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      signal?.throwIfAborted();
      if (this.core.role !== 'leader') throw notLeader(this.core);
      if (to === this.self) return resolve();
      this.#step({ kind: 'transfer', to });
      if (this.core.transferringTo === undefined) {
        throw new RaftError('RAFT_TRANSFER_FAILED', 'no other member is fit to lead');
      }
      const timeoutMs = this.#options.electionTimeoutMs;
      const isOver = (): boolean => this.core.role !== 'leader';
      const changes = this.#changes.listeners;
      awaitTransfer({ clock: this.#clock, changes, isOver, timeoutMs, signal }).then(
        resolve,
        reject,
      );
    });
  }

  changeMembers(
    changes: readonly MemberChange[],
    { signal }: WaitOptions = {},
  ): Promise<Configuration> {
    const context = {
      core: this.core,
      clock: this.#clock,
      conditions: this.#conditions,
      electionTimeoutMs: this.#options.electionTimeoutMs,
      notLeader: () => notLeader(this.core),
      propose: (changes: readonly MemberChange[], signal?: AbortSignal) =>
        this.#proposeChanges(changes, signal),
    };
    return changeMembers(context, changes, signal);
  }

  onChange(listener: (status: RaftStatus) => void): Unsubscribe {
    return this.#changes.add(listener);
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close({ transfer = true }: CloseOptions): Promise<void> {
    if (transfer && this.#state === 'open' && this.core.role === 'leader') {
      // Best effort: without a fit successor the others elect one by themselves.
      await this.transferLeadership().catch(() => {});
    }
    if (this.#state === 'open') {
      this.#flush();
      this.#stop('closed', new RaftError('RAFT_CLOSED', 'the node was closed'));
    }
    await this.#feed.settled;
    await this.#sync.settled;
    const { log, machine } = this.#options;
    const closed = await Promise.allSettled([machine.close(), log.close()]);
    if (this.#state === 'failed') return;
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  // --- Events in -------------------------------------------------------------------------------

  #submit(pending: PendingProposal, signal: AbortSignal | undefined): void {
    this.#checkOpen();
    signal?.throwIfAborted();
    this.#proposals.gather(pending, signal);
    this.#schedule();
  }

  /** Not gathered: it may be refused by itself, and nothing else with it. */
  #proposeChanges(changes: readonly MemberChange[], signal?: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      signal?.throwIfAborted();
      const kind = 'configuration';
      const empty = { command: NOTHING, tag: undefined, index: 0, term: 0 };
      const pending: PendingProposal = { kind, changes, ...empty, resolve, reject };
      const proposals = [signal === undefined ? pending : abortable(pending, signal)];
      this.#step({ kind: 'propose', proposals });
    });
  }

  #receive(from: NodeId, message: RaftMessage): void {
    this.#step({ kind: 'message', from, message, nowMs: this.#clock.monotonic() });
  }

  /** Returns whether the node still takes part. */
  #step(event: RaftEvent): boolean {
    const isTaken = this.#take(event);
    if (isTaken) this.#schedule();
    return isTaken;
  }

  #take(event: RaftEvent): boolean {
    if (this.#state !== 'open') return false;
    try {
      this.core.step(event);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** All that happens until the current work is done shares one flush. */
  #schedule(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    void DONE.then(this.#flushDueNow);
  }

  /** Made once: there are several flushes per commit. */
  readonly #flushDueNow = (): void => this.#flush();

  // --- Effects out -----------------------------------------------------------------------------

  #flush(): void {
    this.#flushDue = false;
    if (this.#state !== 'open' || this.#flushing) return;
    this.#flushing = true;
    try {
      const gathered = this.#proposals.takeGathered();
      if (gathered.length > 0) this.core.step({ kind: 'propose', proposals: gathered });
      if (this.#reads.hasGathered) {
        const nowMs = this.#clock.monotonic();
        this.core.step({ kind: 'read', id: this.#reads.takeGathered(nowMs), nowMs });
      }
      for (let ready = this.core.ready(); ready !== undefined; ready = this.core.ready()) {
        this.#carryOut(ready);
        if (this.#state !== 'open') return;
      }
      this.#noticeChange();
      if (this.#conditions.size > 0) this.#conditions.check();
      this.#wakeUp.set();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#flushing = false;
    }
  }

  #carryOut(ready: Ready): void {
    const { log } = this.#options;
    // Messages first: what must wait for the write below is not among them.
    for (const { to, message } of ready.messages) this.#send(to, message);
    const { write } = ready;
    if (write !== undefined) {
      log.write(write);
      this.#sync.written(write);
    }
    for (const proposed of ready.proposed) this.#settleProposed(proposed);
    for (const { peer, firstIndex, lastIndex } of ready.loads) {
      const entries = log.read(firstIndex, lastIndex, this.#options.maxBatchBytes);
      this.core.step({ kind: 'loaded', peer, entries });
    }
    for (const { id, index } of ready.reads) this.#reads.resolve(id, index);
    if (ready.apply !== undefined) this.#feed.apply(ready.apply.firstIndex, ready.apply.lastIndex);
    if (ready.discardStaged) this.#compaction.discardStaged();
    if (ready.restore !== undefined) this.#feed.restore(ready.restore);
    for (const peer of ready.snapshotsWanted) this.#sender.start(peer);
    for (const reply of ready.snapshotReplies) this.#sender.receive(reply);
    for (const { from, message } of ready.snapshotPieces) this.#receiver.receive(from, message);
  }

  #send(to: NodeId, message: RaftMessage): boolean {
    if (this.#messages.send(to, message)) return true;
    if (message.kind === 'append') this.#step({ kind: 'undelivered', peer: to });
    return false;
  }

  #applied(entries: readonly LogEntry[], results: readonly ApplyResult[]): void {
    if (this.#state !== 'open') return;
    this.#proposals.applied(entries, results);
    if (!this.#take({ kind: 'applied', index: entries[entries.length - 1]!.index })) return;
    // Mostly nobody has waited for it, and a flush would find nothing.
    const isAwaited = this.#reads.size + this.#conditions.size > 0;
    if (isAwaited || this.core.commitIndex > this.core.appliedIndex) this.#schedule();
    this.#compaction.afterApply();
  }

  #settleProposed({ proposals, accepted, firstIndex, term, refusal }: Proposed): void {
    const pending = proposals as readonly PendingProposal[];
    const isWhole = accepted === pending.length;
    this.#proposals.appended(isWhole ? pending : pending.slice(0, accepted), firstIndex, term);
    if (isWhole) return;
    let error = refusal instanceof RaftError ? refusal : notLeader(this.core);
    if (refusal === 'RAFT_OVERLOADED') error = this.#overloaded('proposals');
    for (let i = accepted; i < pending.length; i += 1) pending[i]!.reject(error);
  }

  #noticeChange(): void {
    const { role, term, leader, commitIndex } = this.core;
    if (role !== 'leader' || term !== this.#proposals.term) {
      this.#proposals.abandonAfter(commitIndex, () => {
        const text = 'leadership was lost before the command was committed';
        return new RaftError('RAFT_UNCERTAIN', text, { leaderHint: leader });
      });
    }
    if (role !== 'leader') this.#sender.stop();
    this.#changes.look(this.core);
  }

  // --- Endings ---------------------------------------------------------------------------------

  #fail(cause: unknown): void {
    if (this.#state !== 'open') return;
    this.#failure = cause;
    this.#stop('failed', failed(cause));
    diagnostics.failure.publish({ node: this.self, error: cause });
    this.#changes.emit();
  }

  #stop(state: 'failed' | 'closed', reason: RaftError): void {
    this.#state = state;
    this.#wakeUp.stop();
    this.#sender.stop();
    this.#receiver.stop();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#channel.close();
    this.#proposals.rejectAll(reason);
    this.#reads.rejectAll(reason);
    this.#conditions.rejectAll(reason);
  }

  #checkOpen(): void {
    if (this.#state === 'closed' || this.#closing !== undefined) {
      throw new RaftError('RAFT_CLOSED', 'the node is closed');
    }
    if (this.#state === 'failed') throw failed(this.#failure);
  }

  #overloaded(what: string): RaftError {
    return overloaded(what, this.#options.heartbeatIntervalMs);
  }
}
