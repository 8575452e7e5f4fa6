/** A primary that acknowledges a number once it is on its own disk and on the backup's. */
import type { NodeEnvironment, Schedule, World } from '@ds/sim';
import type { File } from '@ds/storage';
import type { Channel } from '@ds/transport';
import { CALM_MS, operate, strike, type Weather, worldIn } from './weather.ts';

type Message = { readonly kind: 'copy' | 'copied'; readonly n: number };

const NODES = ['primary', 'backup'];

/** Number n is there when byte n is 1. */
export class BackedUpNode {
  readonly #file: File;
  readonly #channel: Channel<Message>;
  readonly #waiting = new Map<number, () => void>();

  /** Hears nobody before its file has a name that lasts: what it synced would go with the name. */
  static async open(environment: NodeEnvironment): Promise<BackedUpNode> {
    const file = environment.fileSystem.open('numbers', { mode: 'write' });
    await environment.fileSystem.syncDirectory('/');
    return new this(environment, file);
  }

  constructor({ transport }: NodeEnvironment, file: File) {
    this.#file = file;
    this.#channel = transport.channel('numbers', (plain) => plain as Message);
    this.#channel.onMessage((from, { kind, n }) => {
      if (kind === 'copied') return this.#waiting.get(n)?.();
      return this.copy(n, () => this.#channel.send(from, { kind: 'copied', n }));
    });
  }

  has(n: number): boolean {
    const byte = new Uint8Array(1);
    return this.#file.read(n, byte) === 1 && byte[0] === 1;
  }

  async append(n: number, done: () => void): Promise<void> {
    await this.persist(n);
    this.forward(n, done);
  }

  protected forward(n: number, done: () => void): void {
    this.#waiting.set(n, done);
    this.#channel.send('backup', { kind: 'copy', n });
  }

  protected async copy(n: number, done: () => void): Promise<void> {
    await this.#keep(n);
    done();
  }

  /** When the primary's own copy counts. */
  protected persist(n: number): Promise<void> {
    return this.#keep(n);
  }

  #keep(n: number): Promise<void> {
    this.#file.write(n, Uint8Array.of(1));
    return this.#file.datasync();
  }
}

export async function runPrimaryBackupToy(
  seed: number,
  schedule?: Schedule<World>,
  Node: typeof BackedUpNode = BackedUpNode,
): Promise<void> {
  const weather: Weather = { seed, schedule, nodes: NODES, crash: 'random' };
  const world = worldIn(weather);
  const acknowledged: number[] = [];
  for (const id of NODES) world.addNode(id, (environment) => Node.open(environment));
  operate(world, { ...weather, nodes: ['primary'] }, 8, (id, n) => {
    world.record('append', n, id);
    return world.node<BackedUpNode>(id).handle.append(n, () => {
      acknowledged.push(n);
      world.record('acknowledged', n, id);
    });
  });
  strike(world, weather);
  world.always('acknowledged numbers stay', () => {
    for (const id of NODES) {
      const { state } = world.node(id);
      if (state !== 'running') continue;
      const { handle } = world.node<BackedUpNode>(id);
      const lost = acknowledged.find((n) => !handle.has(n));
      if (lost !== undefined) return `${id} has lost ${lost}`;
    }
    return undefined;
  });
  await world.runFor(CALM_MS * 2);
  await world.close();
}

export const primaryBackupBugs: Readonly<Record<string, typeof BackedUpNode>> = {
  'the primary answers before the backup has': class extends BackedUpNode {
    protected override forward(n: number, done: () => void): void {
      done();
      super.forward(n, () => {});
    }
  },
  'the primary does not wait for its disk': class extends BackedUpNode {
    protected override async persist(n: number): Promise<void> {
      super.persist(n).catch(() => {});
    }
  },
  'the backup does not wait for its disk': class extends BackedUpNode {
    protected override async copy(n: number, done: () => void): Promise<void> {
      super.copy(n, () => {}).catch(() => {});
      done();
    }
  },
  "the file's name is never synced": class extends BackedUpNode {
    static override async open(environment: NodeEnvironment): Promise<BackedUpNode> {
      return new this(environment, environment.fileSystem.open('numbers', { mode: 'write' }));
    }
  },
  "a copy is taken before the file's name is synced": class extends BackedUpNode {
    static override async open(environment: NodeEnvironment): Promise<BackedUpNode> {
      const file = environment.fileSystem.open('numbers', { mode: 'write' });
      const node = new this(environment, file);
      await environment.fileSystem.syncDirectory('/');
      return node;
    }
  },
};
