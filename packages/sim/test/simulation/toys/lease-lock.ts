/**
 * A lock with a lease: a server lends it for a while, and a holder stops believing in it, by its
 * own clock, before the server lends it again. Clocks drift, by at most `MAX_DRIFT`.
 */
import type { NodeEnvironment, Schedule, World } from '@ds/sim';
import { seededRandom } from '@ds/sim';
import type { Channel, NodeId } from '@ds/transport';
import { CALM_MS, operate, strike, type Weather, worldIn } from './weather.ts';

type Message =
  | { readonly kind: 'acquire'; readonly request: number }
  | { readonly kind: 'granted'; readonly request: number }
  | { readonly kind: 'release'; readonly request: number };

const LEASE_MS = 40;
const MAX_DRIFT = 0.08;
const NONE = -1;

export class LeaseServer {
  readonly #environment: NodeEnvironment;
  readonly #channel: Channel<Message>;
  #holder: { client: NodeId; request: number } | undefined;
  #freeAtMs: number;

  constructor(environment: NodeEnvironment) {
    this.#environment = environment;
    this.#freeAtMs = environment.boot === 1 ? 0 : this.waitAfterRestartMs();
    this.#channel = environment.transport.channel('lease', (plain) => plain as Message);
    this.#channel.onMessage((from, { kind, request }) => {
      if (kind === 'acquire') this.#acquire(from, request);
      else if (kind === 'release' && this.mayRelease(this.#holder, { client: from, request })) {
        this.#holder = undefined;
        this.#freeAtMs = 0;
      }
    });
  }

  /** As long as the longest lease, on the slowest clock of a holder and the fastest of a server. */
  protected leaseMs(): number {
    return LEASE_MS * ((1 + MAX_DRIFT) / (1 - MAX_DRIFT));
  }

  /** A restarted server does not know who holds the lock. */
  protected waitAfterRestartMs(): number {
    return this.leaseMs();
  }

  protected mayRelease(
    holder: { client: NodeId; request: number } | undefined,
    by: { client: NodeId; request: number },
  ): boolean {
    return holder?.client === by.client && holder.request === by.request;
  }

  #acquire(client: NodeId, request: number): void {
    const now = this.#environment.clock.monotonic();
    if (now < this.#freeAtMs) return;
    this.#holder = { client, request };
    this.#freeAtMs = now + this.leaseMs();
    this.#channel.send(client, { kind: 'granted', request });
  }
}

export class LeaseClient {
  readonly #environment: NodeEnvironment;
  readonly #channel: Channel<Message>;
  /** The request that waits for its answer, or was granted. */
  #request = NONE;
  #askedAtMs = 0;
  #untilMs = 0;

  constructor(environment: NodeEnvironment) {
    this.#environment = environment;
    this.#channel = environment.transport.channel('lease', (plain) => plain as Message);
    this.#channel.onMessage((_from, { kind, request }) => {
      if (kind !== 'granted' || request !== this.#request) return;
      this.#untilMs = this.leaseStartMs(this.#askedAtMs, this.#now) + LEASE_MS;
    });
  }

  /** Whether it believes that it holds the lock. */
  get holds(): boolean {
    return this.#now < this.#untilMs;
  }

  acquire(request: number): void {
    if (this.holds) {
      this.release();
      return;
    }
    this.#request = request;
    this.#askedAtMs = this.#now;
    this.#channel.send('server', { kind: 'acquire', request });
  }

  release(): void {
    this.#untilMs = 0;
    this.#channel.send('server', { kind: 'release', request: this.#request });
    if (this.forgetsWhatItReleased()) this.#request = NONE;
  }

  /** A lease runs from the question, since nobody knows when the answer was given. */
  protected leaseStartMs(askedAtMs: number, _answeredAtMs: number): number {
    return askedAtMs;
  }

  /** Or a second copy of the grant would lend again what has been given back. */
  protected forgetsWhatItReleased(): boolean {
    return true;
  }

  get #now(): number {
    return this.#environment.clock.monotonic();
  }
}

export interface LeaseProtocol {
  readonly Server?: typeof LeaseServer;
  readonly Client?: typeof LeaseClient;
}

export async function runLeaseToy(
  seed: number,
  schedule?: Schedule<World>,
  { Server = LeaseServer, Client = LeaseClient }: LeaseProtocol = {},
): Promise<void> {
  const clients = ['a', 'b'];
  const weather: Weather = { seed, schedule, nodes: ['server', ...clients], crash: 'process' };
  const world = worldIn(weather);
  world.addNode('server', (environment) => new Server(environment));
  for (const id of clients) world.addNode(id, (environment) => new Client(environment));
  const random = seededRandom(seed, 'drift');
  for (const { id, clock } of world.nodes) {
    const drift = (random() * 2 - 1) * MAX_DRIFT * 1e6;
    if (world.takes(`skew-clock ${id}`)) clock.setDrift(drift);
  }
  operate(world, { ...weather, nodes: clients }, 20, (id, n) => {
    world.record('acquire or release', n, id);
    world.node<LeaseClient>(id).handle.acquire(n);
  });
  strike(world, weather);
  world.always('one holder at a time', () => {
    const holders = clients.filter((id) => {
      const node = world.node<LeaseClient>(id);
      return node.state === 'running' && node.handle.holds;
    });
    return holders.length > 1 ? `${holders.join(' and ')} hold the lock` : undefined;
  });
  world.runForSync(CALM_MS * 2);
  await world.close();
}

export const leaseBugs: Readonly<Record<string, LeaseProtocol>> = {
  'a second copy of a grant lends what was given back': {
    Client: class extends LeaseClient {
      protected override forgetsWhatItReleased(): boolean {
        return false;
      }
    },
  },
  'a lease runs from the answer': {
    Client: class extends LeaseClient {
      protected override leaseStartMs(_askedAtMs: number, answeredAtMs: number): number {
        return answeredAtMs;
      }
    },
  },
  'nobody allows for clocks that drift': {
    Server: class extends LeaseServer {
      protected override leaseMs(): number {
        return LEASE_MS;
      }
    },
  },
  'a restarted server lends at once': {
    Server: class extends LeaseServer {
      protected override waitAfterRestartMs(): number {
        return 0;
      }
    },
  },
  'a late release frees the lock for all': {
    Server: class extends LeaseServer {
      protected override mayRelease(): boolean {
        return true;
      }
    },
  },
};
