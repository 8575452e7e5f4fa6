/**
 * The nodes of the demo, each a process of its own, and what the supervisor does to them.
 *
 * What is known of a node comes from two sources only: whether its process lives, and what its
 * `GET /status` answers every `POLL_EVERY_MS`. The cluster has no other way in than its users have.
 *
 * Invariants: a node's state follows `starting -> running <-> cut off -> killed -> starting`, with
 * `joining` before it first runs and `leaving` at its end; two commands for one node never overlap,
 * nor do two changes of members; `close()` leaves no process behind.
 */
import { rmSync } from 'node:fs';
import { KvClient, KvError } from '../client.ts';
import { DemoError } from './demo-error.ts';
import type { EventLog } from './event-log.ts';
import { freePorts } from './free-ports.ts';
import { createMember, type Member, type MemberOptions } from './member.ts';
import { readRoll, writeRoll } from './roll.ts';
import { MAX_NODES, MIN_NODES, type NodeState, type NodeStatus, type NodeView } from './state.ts';
import type { Syncs } from './sync-count.ts';
import { wait } from './wait.ts';

const POLL_EVERY_MS = 200;
const STATUS_WITHIN_MS = 1_000;
const START_WITHIN_MS = 20_000;
const CHANGE_AGAIN_MS = 1_000;
/** A poll asks every process that can be reached. */
const ASKED: ReadonlySet<NodeState> = new Set(['running', 'cut off', 'joining', 'leaving']);

export interface ClusterOptions extends Omit<MemberOptions, 'onExit'> {
  /** Of a new cluster. */
  readonly size: number;
  readonly events: EventLog;
  /** Time since the demo started. */
  readonly elapsedMs: () => number;
  /** Called when a node that had started ends by itself. */
  readonly onFailure: (error: DemoError) => void;
}

export interface Kill {
  readonly id: string;
  /** Whether it led when it was killed. */
  readonly led: boolean;
  readonly killedAtMs: number;
  readonly goneAtMs: number;
}

export class Cluster {
  readonly #options: ClusterOptions;
  #members: readonly Member[] = [];
  #nextNumber = 1;
  readonly #events: EventLog;
  readonly #elapsedMs: () => number;
  readonly #closing = new AbortController();
  #polls: Promise<unknown> = Promise.resolve();
  #announcedTerm = 0;
  /** Changes of members wait for each other here. */
  #change: Promise<unknown> = Promise.resolve();

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#events = options.events;
    this.#elapsedMs = options.elapsedMs;
  }

  get ids(): readonly string[] {
    return this.#members.map((member) => member.id);
  }

  /** Starts every node; resolves when one of them leads. */
  async start(): Promise<void> {
    const { directory, size } = this.#options;
    const { ids, next, isNew } = readRoll(directory, size);
    this.#nextNumber = next;
    const ports = await freePorts(ids.length * 2);
    const places = ids.map((id, index) => {
      const [httpPort, doorPort] = ports.slice(index * 2);
      return { id, httpPort: httpPort!, doorPort: doorPort! };
    });
    const doors = places.map(({ id, doorPort }) => ({ id, doorUrl: `ws://127.0.0.1:${doorPort}` }));
    this.#members = places.map((place) => {
      const others = doors.filter(({ id }) => id !== place.id);
      return createMember(place, others, !isNew, this.#memberOptions());
    });
    writeRoll(directory, { ids, next });
    await Promise.all(this.#members.map((member) => this.#startProcess(member)));
    this.#polls = this.#poll();
    await this.waitUntil(
      () => this.leader() !== undefined,
      'no leader was elected',
      START_WITHIN_MS,
    );
    // An earlier run may have ended before a node that it started was a member.
    if (!isNew) for (const id of ids) await this.#changeMember(id, 'voter');
  }

  views(): NodeView[] {
    return this.#members.map(({ id, httpUrl, state, status, process }) => ({
      id,
      httpUrl,
      state,
      ...(process.pid === undefined ? {} : { pid: process.pid }),
      ...(status === undefined ? {} : { status }),
    }));
  }

  /** Where clients may send requests: every node, dead or alive, since a dead one comes back. */
  urls(): readonly string[] {
    return this.#members.map((member) => member.httpUrl);
  }

  view(id: string): NodeView {
    const view = this.views().find((candidate) => candidate.id === id);
    if (view === undefined) throw new DemoError(`There is no node '${id}'.`);
    return view;
  }

  /** The reachable node that leads in the highest term, as far as is known. */
  leader(): NodeView | undefined {
    return this.views()
      .filter((view) => view.state === 'running' && view.status?.role === 'leader')
      .sort((a, b) => b.status!.term - a.status!.term)[0];
  }

  /** SIGKILL. Resolves when the process is gone; `undefined` when there was none. */
  async kill(id: string): Promise<Kill | undefined> {
    return this.#inTurn(id, async (member) => {
      // Asked at the last moment, since leadership may have moved since the last poll.
      const led = member.process.alive && (await this.#ask(member))?.role === 'leader';
      return this.#kill(member, led);
    });
  }

  /** Kills whichever node leads; `undefined` when none does. */
  async killLeader(): Promise<Kill | undefined> {
    const id = this.leader()?.id;
    return id === undefined ? undefined : this.kill(id);
  }

  async #kill(member: Member, led: boolean): Promise<Kill | undefined> {
    const { id, process: server } = member;
    if (!server.alive) return undefined;
    member.state = 'killed';
    member.catchUp = undefined;
    const killedAtMs = this.#elapsedMs();
    await server.kill();
    const role = led ? 'the leader' : 'a follower';
    this.#events.add('kill', `${id}, ${role}, was killed (SIGKILL)`, id);
    return { id, led, killedAtMs, goneAtMs: this.#elapsedMs() };
  }

  async restart(id: string): Promise<void> {
    await this.#inTurn(id, async (member) => {
      if (member.process.alive) return;
      this.#events.add('restart', `${id} is starting again on the data it had`, id);
      const sinceMs = this.#elapsedMs();
      await this.#startProcess(member);
      const from = member.status?.appliedIndex ?? 0;
      member.catchUp = { to: this.commitIndex(), from, sinceMs };
    });
  }

  /** Takes the network between this node and the others away; clients still reach it. */
  async cut(id: string): Promise<void> {
    await this.#inTurn(id, async (member) => {
      if (member.state !== 'running') return;
      member.process.tell('isolate');
      member.state = 'cut off';
      this.#events.add('cut', `${id} was cut off from the other nodes`, id);
    });
  }

  async rejoin(id: string): Promise<void> {
    await this.#inTurn(id, async (member) => {
      if (member.state !== 'cut off') return;
      member.process.tell('rejoin');
      member.state = 'running';
      this.#events.add('rejoin', `${id} can reach the other nodes again`, id);
      const from = member.status?.appliedIndex ?? 0;
      member.catchUp = { to: this.commitIndex(), from, sinceMs: this.#elapsedMs() };
    });
  }

  /**
   * Starts a node with an empty disk and has the cluster take it in; resolves with its name when it
   * has a vote.
   */
  add(): Promise<string> {
    return this.#inLine(async () => {
      if (this.#members.length >= MAX_NODES) {
        throw new DemoError(`The demo runs ${MAX_NODES} nodes at most.`);
      }
      const [httpPort, doorPort] = await freePorts(2);
      const id = `n${this.#nextNumber}`;
      const place = { id, httpPort: httpPort!, doorPort: doorPort! };
      const member = createMember(place, this.#members, true, this.#memberOptions());
      this.#nextNumber += 1;
      this.#setMembers([...this.#members, member]);
      const sinceMs = this.#elapsedMs();
      this.#events.add('join', `${id}, a new node with an empty disk, asks to join`, id);
      await this.#startProcess(member);
      member.state = 'joining';
      await this.#changeMember(id, 'voter');
      member.status = (await this.#ask(member)) ?? member.status;
      member.state = 'running';
      const seconds = ((this.#elapsedMs() - sinceMs) / 1_000).toFixed(1);
      const { lastIndex = 0, snapshotsInstalled = 0 } = member.status ?? {};
      const how = snapshotsInstalled > 0 ? ', most of it as a snapshot' : '';
      const entries = lastIndex.toLocaleString('en');
      const text = `${id} is a member after ${seconds} s: it holds ${entries} log entries${how}`;
      this.#events.add('joined', text, id);
      return id;
    });
  }

  /** Has the cluster let the node go, then ends its process and clears its disk. */
  remove(id: string): Promise<void> {
    return this.#inLine(() =>
      this.#inTurn(id, async (member) => {
        if (this.#members.length <= MIN_NODES) {
          throw new DemoError(`The demo keeps ${MIN_NODES} nodes: add one before you remove one.`);
        }
        const before = member.state;
        if (member.process.alive) member.state = 'leaving';
        try {
          await this.#changeMember(id, 'removed');
        } catch (error) {
          member.state = before;
          throw error;
        }
        await member.process.stop();
        this.#setMembers(this.#members.filter((other) => other !== member));
        rmSync(member.directory, { recursive: true, force: true });
        this.#events.add('left', `${id} was removed: it is no member any more, and ended`, id);
      }),
    );
  }

  /** The highest commit index any node has reported. */
  commitIndex(): number {
    return Math.max(0, ...this.#members.map((member) => member.status?.commitIndex ?? 0));
  }

  /** Asks the nodes now, rather than trusting the last poll. */
  async freshCommitIndex(): Promise<number> {
    const answers = await Promise.all(this.#members.map((member) => this.#ask(member)));
    return Math.max(0, ...answers.map((status) => status?.commitIndex ?? 0));
  }

  /** Whether the node runs and has applied what was committed when it came back. */
  hasCaughtUp(id: string): boolean {
    const member = this.#members.find((candidate) => candidate.id === id);
    return member?.state === 'running' && member.catchUp === undefined;
  }

  /** What strace counted, by node, once all processes have ended; `undefined` without strace. */
  async syncs(): Promise<Record<string, Syncs> | undefined> {
    const counts: Record<string, Syncs> = {};
    for (const { id, syncs } of this.#members) {
      if (syncs !== undefined) counts[id] = await syncs.total();
    }
    return Object.keys(counts).length === 0 ? undefined : counts;
  }

  /** Waits for the polled view to satisfy `condition`. */
  async waitUntil(
    condition: () => boolean,
    otherwise: string,
    withinMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!condition()) {
      if (performance.now() > deadline) {
        throw new DemoError(`Within ${withinMs / 1_000} s ${otherwise}.`);
      }
      await wait(POLL_EVERY_MS / 4, signal ?? this.#closing.signal);
    }
  }

  /** Stops every process, politely first. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(new DemoError('The demo is closing.'));
    await this.#change;
    await Promise.all(this.#members.map((member) => member.process.stop()));
    await this.#polls;
  }

  #memberOptions(): MemberOptions {
    const { onFailure } = this.#options;
    return { ...this.#options, onExit: (member, how) => this.#exited(member, how, onFailure) };
  }

  #setMembers(members: readonly Member[]): void {
    this.#members = members;
    const ids = members.map(({ id }) => id);
    writeRoll(this.#options.directory, { ids, next: this.#nextNumber });
  }

  /** Asks until it is so: what is so already is not changed, so asking again does no harm. */
  async #changeMember(id: string, as: 'voter' | 'removed'): Promise<void> {
    await using client = new KvClient({ endpoints: this.urls() });
    for (;;) {
      try {
        await client.changeMember(id, as, { signal: this.#closing.signal });
        return;
      } catch (error) {
        this.#closing.signal.throwIfAborted();
        if (!(error instanceof KvError)) throw error;
        this.#events.add('trouble', `the members could not be changed yet: ${error.message}`, id);
        await wait(CHANGE_AGAIN_MS, this.#closing.signal);
      }
    }
  }

  async #startProcess(member: Member): Promise<void> {
    const { id, process: server } = member;
    this.#closing.signal.throwIfAborted();
    member.state = 'starting';
    server.start();
    const deadline = performance.now() + START_WITHIN_MS;
    for (;;) {
      const pid = server.pid;
      if (pid === undefined) {
        await server.silent;
        throw new DemoError(`Node ${id} did not start (${server.exit}).`, {
          output: server.lastLines,
        });
      }
      const status = await this.#ask(member);
      // Another program could be answering on this port: only our own process counts.
      if (status?.pid === pid) {
        member.status = status;
        member.state = 'running';
        return;
      }
      if (performance.now() > deadline) {
        await server.kill();
        const text = `Node ${id} did not answer within ${START_WITHIN_MS / 1_000} s of its start.`;
        throw new DemoError(text, { output: server.lastLines });
      }
      await wait(50, this.#closing.signal);
    }
  }

  /** Asks all nodes at the same moment, so that their positions can be compared. */
  async #poll(): Promise<void> {
    const asking = new Map<Member, Promise<void>>();
    while (!this.#closing.signal.aborted) {
      for (const member of this.#members) {
        // A node that hangs is left to its deadline; the others are asked without it.
        if (!ASKED.has(member.state) || asking.has(member)) continue;
        asking.set(
          member,
          this.#pollOne(member).finally(() => asking.delete(member)),
        );
      }
      await wait(POLL_EVERY_MS);
    }
    await Promise.all(asking.values());
  }

  async #pollOne(member: Member): Promise<void> {
    const status = await this.#ask(member);
    if (status !== undefined && status.pid === member.process.pid) this.#heard(member, status);
  }

  #heard(member: Member, status: NodeStatus): void {
    member.status = status;
    const { id, catchUp } = member;
    if (
      status.role === 'leader' &&
      status.term > this.#announcedTerm &&
      member.state === 'running'
    ) {
      this.#announcedTerm = status.term;
      this.#events.add('leader', `${id} leads in term ${status.term}`, id);
    }
    if (catchUp === undefined || status.appliedIndex < catchUp.to) return;
    member.catchUp = undefined;
    const entries = (catchUp.to - catchUp.from).toLocaleString('en');
    const seconds = ((this.#elapsedMs() - catchUp.sinceMs) / 1_000).toFixed(1);
    this.#events.add(
      'caught-up',
      `${id} is back after ${seconds} s and has caught up on ${entries} log entries`,
      id,
    );
  }

  async #ask(member: Member): Promise<NodeStatus | undefined> {
    try {
      const signal = AbortSignal.timeout(STATUS_WITHIN_MS);
      const response = await fetch(`${member.httpUrl}/status`, { signal });
      return response.ok ? ((await response.json()) as NodeStatus) : undefined;
    } catch {
      // Dead, starting or busy: all the same to a poll, the next one comes soon.
      return undefined;
    }
  }

  #exited(member: Member, how: string, onFailure: ClusterOptions['onFailure']): void {
    const starting = member.state === 'starting';
    member.state = 'stopped';
    member.catchUp = undefined;
    if (starting) return; // Whoever started it reports it.
    const last = member.process.lastLines.at(-1);
    const said = last === undefined ? '' : `: ${last.slice(0, 200)}`;
    this.#events.add('trouble', `${member.id} ended by itself (${how})${said}`, member.id);
    const output = member.process.lastLines;
    onFailure(new DemoError(`Node ${member.id} ended by itself (${how}).`, { output }));
  }

  #inLine<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#change.then(change);
    this.#change = result.catch(() => {});
    return result;
  }

  #inTurn<T>(id: string, run: (member: Member) => Promise<T>): Promise<T> {
    const member = this.#members.find((candidate) => candidate.id === id);
    if (member === undefined) throw new DemoError(`There is no node '${id}'.`);
    const result = member.turn.then(() => run(member));
    member.turn = result.catch(() => {});
    return result;
  }
}
