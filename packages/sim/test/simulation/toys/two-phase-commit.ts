/** Two-phase commit: a coordinator and two participants, whose notes survive their crashes. */
import type { NodeEnvironment, Schedule, World } from '@ds/sim';
import type { Channel } from '@ds/transport';
import { CALM_MS, operate, strike, type Weather, worldIn } from './weather.ts';

type Outcome = 'commit' | 'abort';
type Message =
  | { readonly kind: 'prepare' | 'yes' | 'no' | 'ask'; readonly tx: number }
  | { readonly kind: 'decide'; readonly tx: number; readonly outcome: Outcome };

const PARTICIPANTS = ['p', 'q'];
const ASK_MS = 15;
const GIVE_UP_MS = 40;

/** Coordinator or participant; what it wrote down about a transaction survives a crash. */
export class CommitNode {
  readonly #environment: NodeEnvironment;
  protected readonly channel: Channel<Message>;
  /** `undefined` again after a crash. */
  readonly #yes = new Map<number, Set<string>>();
  /** On stable storage. */
  readonly notes: Map<number, 'prepared' | Outcome>;
  readonly #decided: (tx: number, outcome: Outcome) => void;

  constructor(
    environment: NodeEnvironment,
    notes: Map<number, 'prepared' | Outcome>,
    decided: (tx: number, outcome: Outcome) => void,
  ) {
    this.#environment = environment;
    this.notes = notes;
    this.#decided = decided;
    this.channel = environment.transport.channel('commit', (plain) => plain as Message);
    this.channel.onMessage((from, message) => this.#handle(from, message));
    for (const [tx, note] of this.notes) if (note === 'prepared') this.#askSoon(tx);
  }

  /** As the coordinator: begins a transaction. */
  begin(tx: number): void {
    this.#yes.set(tx, new Set());
    for (const participant of PARTICIPANTS) this.channel.send(participant, { kind: 'prepare', tx });
    this.#environment.clock.setTimer(GIVE_UP_MS, () => this.#decide(tx, 'abort'));
  }

  /** How many have to say yes. */
  protected votesNeeded(): number {
    return PARTICIPANTS.length;
  }

  /** As the coordinator: what is decided stays decided. */
  protected mayDecide(tx: number, _outcome: Outcome): boolean {
    return !this.notes.has(tx);
  }

  /** As the coordinator: makes a decision last. */
  protected log(tx: number, outcome: Outcome): void {
    this.notes.set(tx, outcome);
  }

  /** As a participant that said yes and heard nothing. */
  protected inDoubt(tx: number): void {
    this.channel.send('coordinator', { kind: 'ask', tx });
    this.#askSoon(tx);
  }

  #handle(from: string, message: Message): void {
    const { tx, kind } = message;
    if (kind === 'prepare') this.#vote(tx);
    else if (kind === 'no') this.#decide(tx, 'abort');
    else if (kind === 'yes') {
      const votes = this.#yes.get(tx)?.add(from);
      if (votes !== undefined && votes.size >= this.votesNeeded()) this.#decide(tx, 'commit');
    } else if (kind === 'ask') {
      // Of what it does not remember it had not decided: nobody has committed.
      if (this.#yes.has(tx) && !this.notes.has(tx)) return;
      this.#decide(tx, 'abort');
      const outcome = this.notes.get(tx) === 'commit' ? 'commit' : 'abort';
      this.channel.send(from, { kind: 'decide', tx, outcome });
    } else if (kind === 'decide') this.finish(tx, message.outcome);
  }

  #vote(tx: number): void {
    if (this.notes.has(tx)) return;
    // Every third transaction is one that q cannot do.
    if (this.#environment.self === 'q' && tx % 3 === 0) {
      this.finish(tx, 'abort');
      this.channel.send('coordinator', { kind: 'no', tx });
      return;
    }
    this.notes.set(tx, 'prepared');
    this.channel.send('coordinator', { kind: 'yes', tx });
    this.#askSoon(tx);
  }

  #askSoon(tx: number): void {
    this.#environment.clock.setTimer(ASK_MS, () => {
      if (this.notes.get(tx) === 'prepared') this.inDoubt(tx);
    });
  }

  #decide(tx: number, outcome: Outcome): void {
    if (!this.mayDecide(tx, outcome)) return;
    this.log(tx, outcome);
    for (const participant of PARTICIPANTS) {
      this.channel.send(participant, { kind: 'decide', tx, outcome });
    }
  }

  protected finish(tx: number, outcome: Outcome): void {
    const note = this.notes.get(tx);
    if (note === 'commit' || note === 'abort') return;
    this.notes.set(tx, outcome);
    this.#decided(tx, outcome);
  }
}

export async function runCommitToy(
  seed: number,
  schedule?: Schedule<World>,
  Node: typeof CommitNode = CommitNode,
): Promise<void> {
  const nodes = ['coordinator', ...PARTICIPANTS];
  const weather: Weather = { seed, schedule, nodes, crash: 'process' };
  const world = worldIn(weather);
  const outcomes = new Map<number, Outcome>();
  let wrong: string | undefined;
  for (const id of nodes) {
    const notes = new Map<number, 'prepared' | Outcome>();
    world.addNode(id, (environment) => {
      return new Node(environment, notes, (tx, outcome) => {
        world.record(outcome, tx, id);
        const other = outcomes.get(tx) ?? outcome;
        if (other !== outcome) wrong = `${id} decides ${outcome} for ${tx}, another ${other}`;
        outcomes.set(tx, outcome);
      });
    });
  }
  operate(world, { ...weather, nodes: ['coordinator'] }, 5, (id, tx) => {
    world.record('begin', tx, id);
    world.node<CommitNode>(id).handle.begin(tx);
  });
  strike(world, weather);
  world.always('all or nothing', () => wrong);
  world.runForSync(CALM_MS * 2);
  await world.close();
}

export const commitBugs: Readonly<Record<string, typeof CommitNode>> = {
  'one yes is enough to commit': class extends CommitNode {
    protected override votesNeeded(): number {
      return 1;
    }
  },
  'a participant in doubt aborts by itself': class extends CommitNode {
    protected override inDoubt(tx: number): void {
      this.finish(tx, 'abort');
    }
  },
  'a deadline overrules a decision': class extends CommitNode {
    protected override mayDecide(tx: number, outcome: Outcome): boolean {
      return outcome === 'abort' || super.mayDecide(tx, outcome);
    }
  },
  'the coordinator does not log its decision': class extends CommitNode {
    #mine = new Map<number, Outcome>();
    protected override log(tx: number, outcome: Outcome): void {
      // In memory only; a restarted coordinator has forgotten it.
      if (!this.#mine.has(tx)) this.#mine.set(tx, outcome);
      if (outcome === 'abort') this.notes.set(tx, outcome);
    }
  },
};
