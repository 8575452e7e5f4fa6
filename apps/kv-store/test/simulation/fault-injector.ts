/** Makes things go wrong until it is told to stop, then lets everything work again. */
import type { RaftStatus } from '@ds/raft';
import type { NodeHandle, Random, World } from '@ds/sim';
import { KvError } from '../../src/errors.ts';
import type { KvNode } from '../../src/kv-node.ts';
import { FAULT_KINDS, type FaultKind, type Swarm } from './swarm.ts';

/** What a server's factory returns. */
export interface ServerHandle extends NodeHandle {
  readonly node: KvNode;
}

/** Longer than a leader stays without a majority, and than others wait before they stand. */
const UNSEAT_MS = 350;
/** A group of three goes on when it loses one; smaller ones are not worth a simulation. */
const LEAST_VOTERS = 3;
/** Shorter than a candidate waits before it stands once more. */
const HELD_UP_MS = 140;

export class FaultInjector {
  readonly #world: World;
  readonly #random: Random;
  readonly #swarm: Swarm;
  readonly #servers: readonly string[];
  readonly #clients: readonly string[];
  readonly counts: Record<FaultKind, number>;
  /** Changes of members that were completed. */
  memberChanges = 0;
  #stopped = false;

  constructor(world: World, swarm: Swarm, servers: readonly string[], clients: readonly string[]) {
    this.#world = world;
    this.#random = world.fork('faults');
    this.#swarm = swarm;
    this.#servers = servers;
    this.#clients = clients;
    this.counts = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<
      FaultKind,
      number
    >;
  }

  start(): void {
    const delayMs = this.#random() * 2 * this.#swarm.faultEveryMs;
    this.#world.after(delayMs, () => {
      if (this.#stopped) return;
      const kind = this.#drawKind();
      this.counts[kind] += 1;
      this.#actions[kind]();
      this.start();
    });
  }

  /** Ends all faults: the network is whole and loses nothing, every server runs. */
  stop(): void {
    this.#stopped = true;
    this.#world.heal();
    this.#world.configureNetwork({ loss: 0, duplicate: 0, reorder: 0 });
    for (const id of this.#servers) this.#bringBack(id);
  }

  readonly #actions: Readonly<Record<FaultKind, () => void>> = {
    'power-cut': () => this.#crash(this.#draw(this.#servers), 'random'),
    kill: () => this.#crash(this.#draw(this.#servers), 'process'),
    'leader-power-cut': () => this.#crash(this.#leader() ?? this.#draw(this.#servers), 'random'),
    'cluster-power-cut': () => {
      for (const id of this.#servers) this.#crash(id, 'random');
    },
    pause: () => this.#pause(this.#draw(this.#servers)),
    'leader-pause': () => this.#pause(this.#leader() ?? this.#draw(this.#servers)),
    partition: () => this.#partition(),
    'one-way-block': () => this.#world.block(this.#draw(this.#servers), this.#draw(this.#servers)),
    'cut-off-leader': () => this.#cutOff(this.#leader()),
    'swing-voter': () => this.#swingVoter(),
    'figure-8': () => this.#figureEight(),
    'change-members': () => this.#changeMembers(),
    heal: () => this.#world.heal(),
  };

  #crash(id: string, disk: 'random' | 'process'): void {
    this.#world.crash(id, { disk });
    // Half of them come back at once: what matters may be what they remember of a moment ago.
    const downMs = this.#random() < 0.5 ? this.#random() * 40 : this.#random() * 1_500;
    this.#world.after(downMs, () => this.#bringBack(id));
  }

  /**
   * A voter between two halves that cannot hear one another is asked by both for its vote in the
   * same term, and stumbles between the two: what the first to stand asks of it is held up on the
   * way, the other is elected, the voter restarts, and only then it is asked again.
   */
  #swingVoter(): void {
    const voter = this.#draw(this.#servers);
    const others = this.#servers.filter((id) => id !== voter);
    const half = others.length / 2;
    this.#world.partition([others.slice(0, half), others.slice(half)]);
    let first: { readonly term: number; readonly untilMs: number } | undefined;
    let unseatedMs = Number.NEGATIVE_INFINITY;
    let isOver = false;
    const inRole = (role: RaftStatus['role']): string | undefined =>
      others.find((id) => this.#statusOf(id)?.role === role);
    this.#watch(2_500, () => {
      const { now } = this.#world;
      const [candidate, elected] = [inRole('candidate'), inRole('leader')];
      if (isOver) return;
      if (first !== undefined && now < first.untilMs) {
        if (elected === undefined || this.#statusOf(elected)?.term !== first.term) return;
        this.#world.block(elected, voter);
        this.#world.crash(voter, { disk: 'process' });
        this.#world.after(1, () => this.#bringBack(voter));
        this.#world.after(2 * HELD_UP_MS, () => this.#world.heal());
        isOver = true;
      } else if (candidate !== undefined) {
        first = { term: this.#statusOf(candidate)!.term, untilMs: now + HELD_UP_MS };
        this.#world.link(candidate, voter).clog(HELD_UP_MS);
      } else if ((elected ?? this.#leader()) !== undefined && now - unseatedMs > 2 * UNSEAT_MS) {
        // Without the voter neither half is a majority, and whoever leads gives up.
        unseatedMs = now;
        this.#world.crash(voter, { disk: 'process' });
        this.#world.after(UNSEAT_MS, () => this.#bringBack(voter));
      }
    });
  }

  /**
   * Figure 8 of the Raft paper, as far as a script can have it: a leader (a) appends alone and
   * goes; the next one (b) gets no further than its own first entry; (a) comes back, and goes again
   * as soon as it commits anything; then (b) comes back.
   */
  #figureEight(): void {
    const first = this.#leader();
    if (first === undefined) return;
    const others = this.#servers.filter((id) => id !== first);
    this.#world.partition([[first, ...this.#clients], others]);
    const kill = (id: string): void => this.#world.crash(id, { disk: 'process' });
    let second: string | undefined;
    let committed = Number.POSITIVE_INFINITY;
    let stage: 'second leader' | 'first again' | 'over' = 'second leader';
    this.#watch(4_000, () => {
      if (stage === 'second leader') {
        second = others.find((id) => this.#statusOf(id)?.role === 'leader');
        if (second === undefined) return;
        kill(second);
        committed = this.#statusOf(first)?.commitIndex ?? Number.POSITIVE_INFINITY;
        kill(first);
        this.#world.heal();
        this.#bringBack(first);
        stage = 'first again';
      } else if (stage === 'first again') {
        const status = this.#statusOf(first);
        if (status === undefined || status.commitIndex <= committed) return;
        kill(first);
        this.#bringBack(second!);
        this.#world.after(600, () => this.#bringBack(first));
        stage = 'over';
      }
    });
    this.#world.after(4_000, () => {
      for (const id of this.#servers) this.#bringBack(id);
    });
  }

  /** Asks the leader to take a server in, or to let one go, itself perhaps. */
  #changeMembers(): void {
    const leader = this.#leader();
    if (leader === undefined) return;
    const id = this.#draw(this.#servers);
    const { voters } = this.#statusOf(leader)!.configuration;
    const isIn = voters.includes(id);
    if (isIn && voters.length <= LEAST_VOTERS) return;
    const leaves = this.#random() < 0.7 ? 'remove' : 'learner';
    const { node } = this.#world.node<ServerHandle>(leader).handle;
    node.changeMembers([{ type: isIn ? leaves : 'voter', id }]).then(
      () => {
        this.memberChanges += 1;
      },
      (error) => {
        if (!(error instanceof KvError)) throw error;
      },
    );
  }

  /** Looks every half a millisecond, for `forMs` or until faults end. */
  #watch(forMs: number, look: () => void): void {
    if (forMs <= 0 || this.#stopped) return;
    look();
    this.#world.after(0.5, () => this.#watch(forMs - 0.5, look));
  }

  #statusOf(id: string): RaftStatus | undefined {
    const node = this.#world.node<ServerHandle>(id);
    return node.state === 'running' ? node.handle.node.raftStatus() : undefined;
  }

  #bringBack(id: string): void {
    const { state } = this.#world.node(id);
    if (state === 'paused') this.#world.resume(id);
    if (state === 'crashed' || state === 'stopped') this.#world.restart(id);
  }

  #pause(id: string): void {
    this.#world.pause(id);
    this.#world.after(this.#random() * 1_500, () => {
      if (this.#world.node(id).state === 'paused') this.#world.resume(id);
    });
  }

  #partition(): void {
    const groups: string[][] = [[], []];
    for (const id of [...this.#servers, ...this.#clients])
      groups[this.#random() < 0.5 ? 0 : 1]!.push(id);
    this.#world.partition(groups);
  }

  /** Leaves some clients with a leader that the other servers are about to depose. */
  #cutOff(leader: string | undefined): void {
    if (leader === undefined) return;
    const with_ = this.#clients.filter(() => this.#random() < 0.5);
    const others = [...this.#servers, ...this.#clients];
    this.#world.partition([
      [leader, ...with_],
      others.filter((id) => id !== leader && !with_.includes(id)),
    ]);
  }

  #leader(): string | undefined {
    return this.#servers.find((id) => this.#statusOf(id)?.role === 'leader');
  }

  #drawKind(): FaultKind {
    const { faults } = this.#swarm;
    let left = this.#random() * FAULT_KINDS.reduce((sum, kind) => sum + faults[kind], 0);
    return FAULT_KINDS.find((kind) => (left -= faults[kind]) < 0) ?? 'heal';
  }

  #draw(ids: readonly string[]): string {
    return ids[Math.floor(this.#random() * ids.length)]!;
  }
}
