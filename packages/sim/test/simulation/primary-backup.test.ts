import { chaos, explore, type NodeEnvironment, SimulationError, World } from '@ds/sim';
import type { File } from '@ds/storage';
import type { Channel, NodeId } from '@ds/transport';
import { describe, expect, it } from 'vitest';

type Message =
  | { readonly kind: 'append' | 'copy'; readonly n: number }
  | { readonly kind: 'appended' | 'copied'; readonly n: number };

/** Numbers on disk, one byte-sized record each: number n is there when byte n is 1. */
class Copies {
  readonly file: File;

  constructor(file: File) {
    this.file = file;
  }

  has(n: number): boolean {
    const byte = new Uint8Array(1);
    return this.file.read(n, byte) === 1 && byte[0] === 1;
  }

  put(n: number): void {
    this.file.write(n, Uint8Array.of(1));
  }
}

/** Acknowledges a number once it is on its own disk and on the backup's. */
class Server {
  readonly copies: Copies;
  protected readonly channel: Channel<Message>;
  readonly #backup: NodeId | undefined;
  readonly #waiting = new Map<number, NodeId>();

  static async open(environment: NodeEnvironment, backup?: NodeId): Promise<Server> {
    const file = environment.fileSystem.open('copies', { mode: 'write' });
    await environment.fileSystem.syncDirectory('/');
    return new this(environment, file, backup);
  }

  constructor({ transport }: NodeEnvironment, file: File, backup: NodeId | undefined) {
    this.copies = new Copies(file);
    this.#backup = backup;
    this.channel = transport.channel('copies', (plain) => plain as Message);
    this.channel.onMessage((from, { kind, n }) => {
      if (kind === 'append') return this.#append(from, n);
      if (kind === 'copy') return this.copy(from, n);
      if (kind === 'copied') this.#copied(n);
    });
  }

  protected async keep(n: number): Promise<void> {
    this.copies.put(n);
    await this.copies.file.datasync();
  }

  protected async copy(from: NodeId, n: number): Promise<void> {
    await this.keep(n);
    this.channel.send(from, { kind: 'copied', n });
  }

  protected async forward(client: NodeId, n: number): Promise<void> {
    this.#waiting.set(n, client);
    this.channel.send(this.#backup!, { kind: 'copy', n });
  }

  async #append(client: NodeId, n: number): Promise<void> {
    await this.keep(n);
    await this.forward(client, n);
  }

  #copied(n: number): void {
    const client = this.#waiting.get(n);
    if (client !== undefined) this.channel.send(client, { kind: 'appended', n });
  }
}

class AnswersBeforeTheBackup extends Server {
  protected override async forward(client: NodeId, n: number): Promise<void> {
    this.channel.send(client, { kind: 'appended', n });
    await super.forward(client, n);
  }
}

class AnswersBeforeTheDisk extends Server {
  protected override async keep(n: number): Promise<void> {
    this.copies.put(n);
  }
}

class TakesACopyForGranted extends Server {
  protected override async copy(from: NodeId, n: number): Promise<void> {
    this.channel.send(from, { kind: 'copied', n });
    await this.keep(n);
  }
}

/** Asks for one number after another, each again until it is acknowledged. */
function client({ transport, clock }: NodeEnvironment): { readonly acknowledged: number[] } {
  const acknowledged: number[] = [];
  const channel = transport.channel('copies', (plain) => plain as Message);
  const ask = (): void => {
    channel.send('primary', { kind: 'append', n: acknowledged.length });
    clock.setTimer(20, ask);
  };
  channel.onMessage((_, { kind, n }) => {
    if (kind === 'appended' && n === acknowledged.length) acknowledged.push(n);
  });
  ask();
  return { acknowledged };
}

async function run(seed: number, Class: typeof Server = Server): Promise<number> {
  const world = new World({ seed, network: { loss: 0.1, duplicate: 0.1, reorder: 0.1 } });
  const backup = world.addNode('backup', (environment) => Class.open(environment));
  const primary = world.addNode('primary', (environment) => Class.open(environment, 'backup'));
  const asking = world.addNode('client', client);
  const nodes = ['primary', 'backup'];
  const storm = chaos(world, {
    nodes,
    maxDown: 2,
    durationMs: 1_500,
    crashEveryMs: 150,
    downMs: 50,
  });
  await world.runFor(1_500);
  storm.stop();
  const before = asking.handle.acknowledged.length;
  await world.runUntil(() => asking.handle.acknowledged.length > before, { withinMs: 5_000 });
  for (const n of asking.handle.acknowledged) {
    for (const { id, handle } of [primary, backup]) {
      if (!handle.copies.has(n)) throw new Error(`${id} has lost ${n}, which was acknowledged`);
    }
  }
  const acknowledged = asking.handle.acknowledged.length;
  await world.close();
  return acknowledged;
}

describe('a primary with a backup', () => {
  it('keeps every acknowledged number on both disks', async () => {
    let acknowledged = 0;
    await explore({
      scenario: (seed) => run(seed),
      seeds: 40,
      onRun: (_, count) => (acknowledged += count),
    });
    expect(acknowledged).toBeGreaterThan(1_000);
  });

  it.each([
    ['answers before the backup has', AnswersBeforeTheBackup],
    ['answers before the disk has', AnswersBeforeTheDisk],
    ['takes a copy for granted', TakesACopyForGranted],
  ])('is caught when it %s', async (_, Class) => {
    const error = await explore({ scenario: (seed) => run(seed, Class), seeds: 400 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(SimulationError);
    expect((error as SimulationError).message).toContain('which was acknowledged');
  });
});
