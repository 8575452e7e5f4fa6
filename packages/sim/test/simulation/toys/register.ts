/** A register on three nodes, read and written through majorities (Attiya, Bar-Noy, Dolev). */
import {
  checkLinearizability,
  History,
  type NodeEnvironment,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  type Schedule,
  type World,
} from '@ds/sim';
import type { Channel, NodeId } from '@ds/transport';
import { CALM_MS, operate, strike, type Weather, worldIn } from './weather.ts';

interface Stamped {
  readonly stamp: number;
  readonly value: number;
}

type Message =
  | { readonly kind: 'query' | 'stored'; readonly phase: number }
  | { readonly kind: 'state' | 'store'; readonly phase: number; readonly state: Stamped };

const NODES = ['a', 'b', 'c'];
const NOTHING: Stamped = { stamp: 0, value: 0 };

/** Replica and client in one; the decisions that a planted bug replaces are its methods. */
export class RegisterNode {
  state: Stamped = NOTHING;
  readonly #channel: Channel<Message>;
  readonly #index: number;
  readonly #asking = new Map<number, { answers: Map<string, Stamped>; done: () => void }>();
  #phase = 0;
  #issued = 0;

  constructor({ transport, self }: NodeEnvironment) {
    this.#index = NODES.indexOf(self);
    this.#channel = transport.channel('register', (plain) => plain as Message);
    this.#channel.onMessage((from, message) => this.#handle(from, message));
  }

  protected quorum(): number {
    return 2;
  }

  protected writesBack(): boolean {
    return true;
  }

  protected accepts(current: Stamped, next: Stamped): boolean {
    return next.stamp > current.stamp;
  }

  protected stampAfter(newest: Stamped, index: number): number {
    return (Math.floor(newest.stamp / 4) + 1) * 4 + index;
  }

  read(done: (value: number) => void): void {
    this.#ask({ kind: 'query', phase: 0 }, (states) => {
      const state = newestOf(states);
      if (!this.writesBack()) return done(state.value);
      this.#ask({ kind: 'store', phase: 0, state }, () => done(state.value));
    });
  }

  write(value: number, done: () => void): void {
    this.#ask({ kind: 'query', phase: 0 }, (states) => {
      // Two writes of one node at a time may see the same newest stamp: neither takes it twice.
      let stamp = this.stampAfter(newestOf(states), this.#index);
      while (stamp <= this.#issued) stamp += NODES.length + 1;
      this.#issued = stamp;
      this.#ask({ kind: 'store', phase: 0, state: { stamp, value } }, done);
    });
  }

  #handle(from: NodeId, message: Message): void {
    const { phase } = message;
    if (message.kind === 'query') {
      this.#channel.send(from, { kind: 'state', phase, state: this.state });
    } else if (message.kind === 'store') {
      if (this.accepts(this.state, message.state)) this.state = message.state;
      this.#channel.send(from, { kind: 'stored', phase });
    } else {
      const asked = this.#asking.get(phase);
      if (asked === undefined) return;
      const answer = message.kind === 'state' ? message.state : NOTHING;
      asked.answers.set(from, answer);
      if (asked.answers.size < this.quorum()) return;
      this.#asking.delete(phase);
      asked.done();
    }
  }

  #ask(question: Message, done: (states: Stamped[]) => void): void {
    this.#phase += 1;
    const answers = new Map<string, Stamped>();
    this.#asking.set(this.#phase, { answers, done: () => done([...answers.values()]) });
    for (const node of NODES) this.#channel.send(node, { ...question, phase: this.#phase });
  }
}

function newestOf(states: readonly Stamped[]): Stamped {
  return states.reduce((a, b) => (b.stamp > a.stamp ? b : a), NOTHING);
}

export async function runRegisterToy(
  seed: number,
  schedule?: Schedule<World>,
  Node: typeof RegisterNode = RegisterNode,
): Promise<void> {
  const weather: Weather = { seed, schedule, nodes: NODES };
  const world = worldIn(weather);
  const history = new History<RegisterInput, RegisterOutput>();
  const nodes = new Map(
    NODES.map((id) => [id, world.addNode(id, (environment) => new Node(environment))]),
  );
  let judged = true;
  operate(world, weather, 8, (id, n, draw) => {
    const { handle } = nodes.get(id)!;
    const input = draw < 0.5 ? ({ kind: 'read' } as const) : ({ kind: 'write', value: n } as const);
    const call = history.call(input, id);
    world.record(input.kind, 'value' in input ? input.value : undefined, id);
    const done = (output: RegisterOutput): void => {
      call.returned(output);
      judged = false;
      world.record(`${input.kind} done`, output.value, id);
    };
    if (input.kind === 'read') handle.read((value) => done({ value }));
    else handle.write(input.value, () => done({}));
  });
  strike(world, weather);
  world.always('linearizable', () => {
    if (judged) return undefined;
    judged = true;
    return checkLinearizability(registerModel(0), history.operations).violation?.message;
  });
  world.runForSync(CALM_MS * 2);
  await world.close();
}

export const registerBugs: Readonly<Record<string, typeof RegisterNode>> = {
  'a read does not write back what it saw': class extends RegisterNode {
    protected override writesBack(): boolean {
      return false;
    }
  },
  'a single replica is a quorum': class extends RegisterNode {
    protected override quorum(): number {
      return 1;
    }
  },
  'two writers may choose one stamp': class extends RegisterNode {
    protected override stampAfter(newest: Stamped): number {
      return super.stampAfter(newest, 0);
    }
  },
  'a replica takes whatever comes last': class extends RegisterNode {
    protected override accepts(): boolean {
      return true;
    }
  },
  'a write does not look at newer ones first': class extends RegisterNode {
    #count = 0;
    protected override stampAfter(_newest: Stamped, index: number): number {
      this.#count += 1;
      return this.#count * 4 + index;
    }
  },
};
