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
import { type Clock, sleep, type Timer } from '@ds/clock';
import { type Channel, Listeners, type NodeId, type Unsubscribe } from '@ds/transport';
import { awaitTransfer } from './await-transfer.ts';
import { Compaction } from './compaction.ts';
import { RaftCore } from './core.ts';
import type { LogEntry } from './entry.ts';
import { RaftError } from './errors.ts';
import type { Outgoing, Proposed, RaftEvent, Ready } from './events.ts';
import { decodeMessage, encodeMessage, type RaftMessage } from './message.ts';
import type {
  CloseOptions,
  ProposeOptions,
  RaftNode,
  RaftNodeOptions,
  RaftStatus,
  WaitOptions,
} from './node.ts';
import { type ResolvedOptions, resolveOptions } from './options.ts';
import { type PendingProposal, PendingProposals } from './pending-proposals.ts';
import { PendingReads } from './pending-reads.ts';
import type { LogPosition } from './raft-log.ts';
import { recoverMachine } from './recovery.ts';
import { type Rules, raftRules } from './rules.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import type { ApplyResult } from './state-machine.ts';

const NOTHING = new Uint8Array(0);
const DONE = Promise.resolve();

/** The most entry bytes handed to the machine at once. */
const APPLY_BYTES = 2 ** 20;

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
  await recoverMachine(options.log, options.machine);
  return new RaftDriver(resolved, rules);
}

export class RaftDriver implements RaftNode {
  readonly self: NodeId;
  readonly core: RaftCore;
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #channel: Channel<unknown>;
  readonly #changes: Listeners<[status: RaftStatus]> = new Listeners();
  readonly #subscriptions: Unsubscribe[];
  readonly #proposals = new PendingProposals();
  readonly #reads = new PendingReads();
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  #state: 'open' | 'failed' | 'closed' = 'open';
  #failure: unknown;
  #flushing = false;
  #flushDue = false;
  #timer: Timer | undefined;
  #timerDeadlineMs = Number.POSITIVE_INFINITY;
  #syncing: Promise<void> | undefined;
  /** The latest write handed to the log, and not yet covered by a sync that was started. */
  #unsynced:
    | { readonly sequence: number; readonly term: number; readonly index: number }
    | undefined;
  /** What the machine is busy with; calls to it are made one at a time. */
  #machineBusy: Promise<void> = DONE;
  readonly #compaction: Compaction;
  #seen = '';
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedOptions, rules: Rules) {
    const { self, clock, transport, log, machine, random } = options;
    this.#options = options;
    this.#clock = clock;
    this.self = self;
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
    const send = (to: NodeId, message: RaftMessage): boolean => this.#send({ to, message });
    const step = (event: RaftEvent): void => this.#step(event);
    this.#sender = new SnapshotSender({
      options,
      send,
      step,
      term: () => this.core.term,
      isNeeded: (peer) => this.core.needsSnapshot(peer),
    });
    this.#receiver = new SnapshotReceiver({
      log,
      send,
      term: () => this.core.term,
      isWanted: (position) => this.core.isWanted(position),
      staged: (position) => step({ kind: 'staged', position }),
      fail: (error) => this.#fail(error),
    });
    this.#compaction = new Compaction({
      options,
      core: this.core,
      step,
      fail: (error) => this.#fail(error),
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
    const { message } = (this.#failure ?? {}) as { message?: string };
    return {
      ...this.core.status(),
      state: this.#state,
      pendingProposals: this.#proposals.size,
      pendingReads: this.#reads.size,
      ...(this.#state === 'failed' ? { failure: message ?? String(this.#failure) } : {}),
    };
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

  readIndex({ signal }: WaitOptions = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      signal?.throwIfAborted();
      if (this.#reads.size >= this.#options.maxPendingReads) throw this.#overloaded('reads');
      this.#reads.add({ resolve, reject }, signal);
      this.#schedule();
    });
  }

  transferLeadership(to?: NodeId, { signal }: WaitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      signal?.throwIfAborted();
      if (this.core.role !== 'leader') throw this.#notLeader();
      if (to === this.self) return resolve();
      this.#step({ kind: 'transfer', to });
      if (this.core.transferringTo === undefined) {
        throw new RaftError('RAFT_TRANSFER_FAILED', 'no other member is fit to lead');
      }
      const timeoutMs = this.#options.electionTimeoutMs;
      const isOver = (): boolean => this.core.role !== 'leader';
      awaitTransfer({ clock: this.#clock, changes: this.#changes, isOver, timeoutMs, signal }).then(
        resolve,
        reject,
      );
    });
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
    await this.#machineBusy;
    await this.#syncing;
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

  #receive(from: NodeId, message: RaftMessage): void {
    this.#step({ kind: 'message', from, message, nowMs: this.#clock.monotonic() });
  }

  #step(event: RaftEvent): void {
    if (this.#state !== 'open') return;
    try {
      this.core.step(event);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#schedule();
  }

  /** All that happens until the current work is done shares one flush. */
  #schedule(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    void DONE.then(() => this.#flush());
  }

  // --- Effects out -----------------------------------------------------------------------------

  #flush(): void {
    this.#flushDue = false;
    if (this.#state !== 'open' || this.#flushing) return;
    this.#flushing = true;
    try {
      const gathered = this.#proposals.takeGathered();
      if (gathered.length > 0) this.core.step({ kind: 'propose', proposals: gathered });
      if (this.#reads.hasGathered) this.core.step({ kind: 'read', id: this.#reads.takeGathered() });
      for (let ready = this.core.ready(); ready !== undefined; ready = this.core.ready()) {
        this.#carryOut(ready);
        if (this.#state !== 'open') return;
      }
      this.#noticeChange();
      this.#setTimer();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#flushing = false;
    }
  }

  #carryOut(ready: Ready): void {
    const { log } = this.#options;
    // Messages first: what must wait for the write below is not among them.
    for (const outgoing of ready.messages) this.#send(outgoing);
    const { write } = ready;
    if (write !== undefined) {
      log.write(write);
      this.#unsynced = write;
      this.#sync();
    }
    for (const proposed of ready.proposed) this.#settleProposed(proposed);
    for (const { peer, firstIndex, lastIndex } of ready.loads) {
      const entries = log.read(firstIndex, lastIndex, this.#options.maxBatchBytes);
      this.core.step({ kind: 'loaded', peer, entries });
    }
    for (const { id, index } of ready.reads) this.#reads.resolve(id, index);
    if (ready.apply !== undefined) this.#apply(ready.apply.firstIndex, ready.apply.lastIndex);
    if (ready.discardStaged) this.#compaction.discardStaged();
    if (ready.restore !== undefined) this.#restore(ready.restore);
    for (const peer of ready.snapshotsWanted) this.#sender.start(peer);
    for (const reply of ready.snapshotReplies) this.#sender.receive(reply);
    for (const { from, message } of ready.snapshotPieces) this.#receiver.receive(from, message);
  }

  #send({ to, message }: Outgoing): boolean {
    const result = this.#channel.send(to, encodeMessage(message));
    if (result === 'queued') return true;
    if (message.kind === 'append') this.#step({ kind: 'undelivered', peer: to });
    return false;
  }

  /** One sync at a time; what is written meanwhile shares the next. */
  #sync(): void {
    const covered = this.#unsynced;
    if (this.#syncing !== undefined || covered === undefined) return;
    this.#unsynced = undefined;
    this.#syncing = this.#options.log.sync().then(
      () => {
        this.#syncing = undefined;
        this.#step({ kind: 'persisted', ...covered });
        if (this.#state === 'open') this.#sync();
      },
      (error) => {
        this.#syncing = undefined;
        this.#fail(error);
      },
    );
  }

  #apply(firstIndex: number, lastIndex: number): void {
    const { log, machine } = this.#options;
    const cached = this.core.cached(firstIndex, lastIndex, APPLY_BYTES);
    const entries = cached ?? log.read(firstIndex, lastIndex, APPLY_BYTES);
    this.#machineBusy = machine.apply(entries).then(
      (results) => this.#applied(entries, results),
      (error) => this.#fail(error),
    );
  }

  #applied(entries: readonly LogEntry[], results: readonly ApplyResult[]): void {
    if (this.#state !== 'open') return;
    this.#proposals.applied(entries, results);
    this.#step({ kind: 'applied', index: entries[entries.length - 1]!.index });
    this.#compaction.afterApply();
  }

  #restore(position: LogPosition): void {
    const { log, machine } = this.#options;
    const restore = async (): Promise<void> => {
      // Reads that were served a moment ago must be able to look before the machine changes.
      await sleep(this.#clock, 0);
      await recoverMachine(log, machine);
      this.#step({ kind: 'restored', position });
    };
    // An apply may still be under way: the machine does one thing at a time.
    this.#machineBusy = this.#machineBusy.then(restore).catch((error) => this.#fail(error));
  }

  #settleProposed({ proposals, accepted, firstIndex, term, refusal }: Proposed): void {
    const pending = proposals as readonly PendingProposal[];
    this.#proposals.appended(pending.slice(0, accepted), firstIndex, term);
    if (accepted === pending.length) return;
    const error = refusal === 'RAFT_OVERLOADED' ? this.#overloaded('proposals') : this.#notLeader();
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
    const seen = `${role} ${term} ${leader}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    if (this.#changes.size > 0) this.#changes.emit(this.status());
  }

  // --- Time and endings ------------------------------------------------------------------------

  /** A timer that is early only fires for nothing, so it is replaced only when it is late. */
  #setTimer(): void {
    const { deadline } = this.core;
    if (deadline >= this.#timerDeadlineMs) return;
    this.#timer?.cancel();
    this.#timerDeadlineMs = deadline;
    const delayMs = Math.max(0, deadline - this.#clock.monotonic());
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timerDeadlineMs = Number.POSITIVE_INFINITY;
      const nowMs = this.#clock.monotonic();
      if (nowMs < this.core.deadline) return this.#setTimer();
      this.#step({ kind: 'time', nowMs, random: this.#options.random() });
    });
  }

  #fail(cause: unknown): void {
    if (this.#state !== 'open') return;
    this.#failure = cause;
    const text = `the node stopped taking part: ${(cause as Error)?.message ?? cause}`;
    this.#stop('failed', new RaftError('RAFT_FAILED', text, { cause }));
    this.#changes.emit(this.status());
  }

  #stop(state: 'failed' | 'closed', reason: RaftError): void {
    this.#state = state;
    this.#timer?.cancel();
    this.#sender.stop();
    this.#receiver.stop();
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    this.#channel.close();
    this.#proposals.rejectAll(reason);
    this.#reads.rejectAll(reason);
  }

  #checkOpen(): void {
    if (this.#state === 'closed' || this.#closing !== undefined) {
      throw new RaftError('RAFT_CLOSED', 'the node is closed');
    }
    if (this.#state === 'failed') {
      const { message } = (this.#failure ?? {}) as { message?: string };
      const text = `the node stopped taking part: ${message ?? this.#failure}`;
      throw new RaftError('RAFT_FAILED', text, { cause: this.#failure });
    }
  }

  #notLeader(): RaftError {
    const leaderHint = this.core.transferringTo ?? this.core.leader;
    const text = leaderHint === undefined ? 'no leader is known' : `'${leaderHint}' leads`;
    return new RaftError('RAFT_NOT_LEADER', `this node does not lead: ${text}`, { leaderHint });
  }

  #overloaded(what: string): RaftError {
    const retryAfterMs = this.#options.heartbeatIntervalMs;
    return new RaftError('RAFT_OVERLOADED', `too many ${what} are waiting`, { retryAfterMs });
  }
}
