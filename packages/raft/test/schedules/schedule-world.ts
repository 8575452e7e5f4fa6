/**
 * A group in which nothing happens by itself: an action says what comes next. Cores and machines
 * are the product's; the network is a queue per pair of nodes, the disk a list of writes, and time
 * runs only as far as a timer needs.
 */
import type { KeyValueInput } from '@ds/sim';
import type { Proposal, RaftEvent, Ready } from '../../src/core/events.ts';
import { decodeMessage, encodeMessage, type RaftMessage } from '../../src/core/message.ts';
import { raftRules } from '../../src/core/rules.ts';
import { Invariants } from '../simulation/invariants.ts';
import type { Action } from './action.ts';
import { type Planted, type Settings, SimulatedMember } from './simulated-member.ts';

export interface WorldSettings {
  readonly voters: readonly string[];
  readonly joiners: readonly string[];
  /** Whose disks take their time. */
  readonly slowDisks: readonly string[];
  /** How fast each node's clock runs; 1 is right. */
  readonly rates: Readonly<Record<string, number>>;
  readonly core: Settings;
}

interface Snapshot {
  readonly chunks: readonly Uint8Array[];
}

/** Rounds of effects that one action can have at most, by far. */
const MAX_ROUNDS = 1_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HISTORY = encoder.encode('history');

export class ScheduleWorld {
  readonly nodes: ReadonlyMap<string, SimulatedMember>;
  readonly #settings: WorldSettings;
  readonly #invariants = new Invariants();
  readonly #links = new Map<string, RaftMessage[]>();
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #cut = new Set<string>();
  #realMs = 0;
  #commands = 0;
  #snapshotIds = 0;
  #reads = 0;
  /** Everything answered so far must be seen by reads that begin now. */
  #answered = 0;
  readonly #pendingReads = new Map<string, number>();
  readonly #proposed = new Map<string, { node: string; life: unknown }>();
  /** A client's session, the last command it sent, and whether it was answered. */
  #session = 0;
  #sequence = 0;
  #last: Proposal | undefined;

  constructor(settings: WorldSettings, planted: Planted) {
    this.#settings = settings;
    const rules = { ...raftRules, ...planted.rules };
    const nodes = new Map<string, SimulatedMember>();
    for (const id of [...settings.voters, ...settings.joiners]) {
      const voters = settings.voters.includes(id) ? settings.voters : [];
      const now = (): number => this.#now(id);
      const core = settings.core;
      nodes.set(id, new SimulatedMember({ id, voters, rules, planted, settings: core, now }));
    }
    this.nodes = nodes;
  }

  async open(): Promise<void> {
    for (const node of this.nodes.values()) await node.boot();
  }

  get coverage(): { leaders: number; committed: number; configurations: number } {
    const { leaders, committed, configurations } = this.#invariants;
    return { leaders, committed, configurations };
  }

  /** Pairs of nodes with something on its way. */
  busyLinks(): (readonly [from: string, to: string])[] {
    return [...this.#links].flatMap(([link, queue]) =>
      queue.length > 0 ? [link.split('>') as [string, string]] : [],
    );
  }

  /** Carries an action out; throws when that breaks what must hold. */
  async take(action: Action): Promise<void> {
    switch (action.do) {
      case 'wake':
        await this.#wake(action.node, action.random);
        break;
      case 'deliver':
        await this.#deliver(action.from, action.to);
        break;
      case 'drop':
      case 'double':
      case 'delay':
        this.#disturb(action.do, action.from, action.to);
        break;
      case 'persist':
        this.#node(action.node).persist(action.writes);
        await this.#settle(action.node);
        break;
      case 'stage':
        this.#node(action.node).finishStaging();
        await this.#settle(action.node);
        break;
      case 'crash':
        await this.#node(action.node).boot(action.kept);
        await this.#settle(action.node);
        break;
      case 'cut':
        this.#cut.add(action.node);
        for (const link of this.#links.keys()) {
          if (link.split('>').includes(action.node)) this.#links.delete(link);
        }
        break;
      case 'join':
        this.#cut.delete(action.node);
        break;
      default:
        await this.#ask(action);
    }
    this.#invariants.check(new Map([...this.nodes].map(([id, { core }]) => [id, core])));
  }

  // --- What befalls the group ------------------------------------------------------------------

  async #wake(id: string, random: number): Promise<void> {
    const node = this.#node(id);
    const { deadline } = node.core;
    if (!Number.isFinite(deadline)) return;
    const aheadMs = (deadline - this.#now(id)) / this.rateOf(id);
    // A little late, as timers are.
    if (aheadMs > 0) this.#realMs += aheadMs + 0.01;
    node.step({ kind: 'time', nowMs: this.#now(id), random });
    await this.#settle(id);
  }

  async #deliver(from: string, to: string): Promise<void> {
    const message = this.#queue(from, to).shift();
    if (message === undefined) return;
    this.#node(to).step({ kind: 'message', from, message, nowMs: this.#now(to) });
    await this.#settle(to);
    if (message.kind !== 'snapshot') return;
    this.#node(from).step(ended(to));
    await this.#settle(from);
  }

  #disturb(how: 'drop' | 'double' | 'delay', from: string, to: string): void {
    const queue = this.#queue(from, to);
    const [first] = queue;
    if (first === undefined) return;
    if (how !== 'double') queue.shift();
    if (how !== 'drop') queue.push(first);
  }

  async #ask(action: Action & { node: string }): Promise<void> {
    const id = action.node;
    const node = this.#node(id);
    const { core, machine } = node;
    if (action.do === 'read') {
      this.#reads += 1;
      this.#pendingReads.set(`${id} ${this.#reads}`, this.#answered);
      node.step({ kind: 'read', id: this.#reads, nowMs: this.#now(id) });
    } else if (action.do === 'compact') {
      node.step({ kind: 'compact', index: machine.appliedIndex, tailEntries: 0 });
    } else if (action.do === 'transfer') {
      node.step({ kind: 'transfer', to: undefined });
    } else if (core.role === 'leader') {
      const proposal = this.#proposalOf(action);
      if (proposal !== undefined) node.step({ kind: 'propose', proposals: [proposal] });
    }
    await this.#settle(id);
  }

  #proposalOf(action: Action): Proposal | undefined {
    const command = new Uint8Array(0);
    if (action.do === 'change') {
      return { kind: 'configuration', command, tag: undefined, changes: action.changes };
    }
    if (action.do === 'retry') return this.#last;
    if (this.#session === 0) return { kind: 'register-session', command, tag: undefined };
    this.#commands += 1;
    this.#sequence += 1;
    const input: KeyValueInput = { kind: 'append', key: 'history', value: `${this.#commands} ` };
    // The client never says that it has an answer: every one of them is kept.
    const tag = { session: this.#session, sequence: this.#sequence, acknowledged: 0 };
    this.#last = { kind: 'command', command: encoder.encode(JSON.stringify(input)), tag };
    return this.#last;
  }

  // --- What the members want -------------------------------------------------------------------

  async #settle(id: string): Promise<void> {
    const node = this.#node(id);
    let rounds = 0;
    for (let ready = node.ready(); ready !== undefined; ready = node.ready()) {
      await this.#carryOut(id, node, ready);
      rounds += 1;
      if (rounds > MAX_ROUNDS) throw new Error(`liveness: ${id} never comes to rest`);
    }
  }

  async #carryOut(id: string, node: SimulatedMember, ready: Ready): Promise<void> {
    for (const { to, message } of ready.messages) {
      this.#send(id, to, decodeMessage(encodeMessage(message)));
    }
    if (ready.write !== undefined) {
      node.write(ready.write);
      if (!this.isSlow(id)) node.persist(Number.POSITIVE_INFINITY);
    }
    for (const { accepted, firstIndex, term } of ready.proposed) {
      if (accepted > 0) this.#proposed.set(`${firstIndex} ${term}`, { node: id, life: node.core });
    }
    for (const { peer, firstIndex, lastIndex } of ready.loads) {
      const entries = node.log.read(firstIndex, lastIndex, 10_000);
      node.step({ kind: 'loaded', peer, entries });
    }
    for (const read of ready.reads) this.#served(`${id} ${read.id}`, node);
    if (ready.apply !== undefined) await this.#apply(id, node, ready.apply);
    if (ready.discardStaged) node.discardStaged();
    if (ready.restore !== undefined) await node.restore();
    for (const peer of ready.snapshotsWanted) this.#sendSnapshot(id, peer, node);
    for (const { message } of ready.snapshotPieces) {
      const { index, indexTerm: term, configuration } = message;
      const { chunks } = this.#snapshots.get(decoder.decode(message.data))!;
      node.stage({ index, term, configuration }, chunks);
      if (!this.isSlow(id)) node.finishStaging();
    }
  }

  async #apply(
    id: string,
    node: SimulatedMember,
    { firstIndex, lastIndex }: { firstIndex: number; lastIndex: number },
  ): Promise<void> {
    const entries = node.log.read(firstIndex, lastIndex, Number.MAX_VALUE);
    this.#invariants.applied(id, entries);
    await node.machine.apply(entries);
    for (const { index, term, kind } of entries) {
      const proposed = this.#proposed.get(`${index} ${term}`);
      // Whoever proposed it is answered, if that is still the same life.
      if (proposed?.node !== id || proposed.life !== node.core) continue;
      this.#answered = Math.max(this.#answered, index);
      if (kind === 'register-session') {
        this.#session = index;
        this.#sequence = 0;
        this.#last = undefined;
      }
    }
    this.#checkOnce(id, node);
    node.step({ kind: 'applied', index: lastIndex });
  }

  /** No command has been applied twice. */
  #checkOnce(id: string, node: SimulatedMember): void {
    const bytes = node.machine.get(HISTORY);
    const commands = bytes === undefined ? [] : decoder.decode(bytes).trim().split(' ');
    const twice = commands.find((command, i) => commands.indexOf(command) !== i);
    if (twice !== undefined) throw new Error(`exactly once: ${id} has applied ${twice} twice`);
  }

  #served(read: string, node: SimulatedMember): void {
    const floor = this.#pendingReads.get(read);
    if (floor === undefined) return;
    const { appliedIndex } = node.machine;
    if (appliedIndex < floor) {
      throw new Error(`linearizability: a read sees entry ${appliedIndex}, not ${floor}`);
    }
    this.#answered = Math.max(this.#answered, appliedIndex);
  }

  #sendSnapshot(from: string, to: string, node: SimulatedMember): void {
    const snapshot = node.machine.snapshot();
    const { index, term: indexTerm } = snapshot;
    const id = ++this.#snapshotIds;
    this.#snapshots.set(`${id}`, { chunks: [...snapshot.chunks()] });
    snapshot.release();
    node.step({ kind: 'snapshot-sending', peer: to, index });
    this.#send(from, to, {
      kind: 'snapshot',
      term: node.core.term,
      id,
      index,
      indexTerm,
      configuration: node.core.configurationAt(index),
      offset: 0,
      data: encoder.encode(`${id}`),
      last: true,
    });
  }

  #send(from: string, to: string, message: RaftMessage): void {
    if (!this.nodes.has(to)) return;
    if (!this.#cut.has(from) && !this.#cut.has(to)) this.#queue(from, to).push(message);
    else if (message.kind === 'snapshot') this.#node(from).step(ended(to));
  }

  #node(id: string): SimulatedMember {
    return this.nodes.get(id)!;
  }

  #queue(from: string, to: string): RaftMessage[] {
    const link = `${from}>${to}`;
    let queue = this.#links.get(link);
    if (queue === undefined) this.#links.set(link, (queue = []));
    return queue;
  }

  /** Whether a node's disk takes its time. */
  isSlow(id: string): boolean {
    return this.#settings.slowDisks.includes(id);
  }

  /** How fast a node's clock runs. */
  rateOf(id: string): number {
    return this.#settings.rates[id] ?? 1;
  }

  #now(id: string): number {
    return this.#realMs * this.rateOf(id);
  }
}

function ended(peer: string): RaftEvent {
  return { kind: 'snapshot-ended', peer };
}
