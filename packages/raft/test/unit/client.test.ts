import { ManualClock } from '@ds/clock/memory';
import { MemoryStore } from '@ds/storage/memory';
import { MemoryNetwork } from '@ds/transport/memory';
import { describe, expect, it } from 'vitest';
import {
  openRaftNode,
  openStoreMachine,
  RaftClient,
  type RaftNode,
  type StoreMachine,
  serveClients,
} from '../../src/index.ts';
import { MemoryRaftLog } from '../../src/memory.ts';

const LOG = new TextEncoder().encode('log');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

/** Three members that serve clients, and a client; commands are appended to one key. */
class Service {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork({ clock: this.clock });
  readonly nodes = new Map<string, RaftNode>();
  readonly machines = new Map<string, StoreMachine>();

  static async open(maxSessions = 100): Promise<Service> {
    const service = new Service();
    for (const self of ['a', 'b', 'c']) await service.#openMember(self, maxSessions);
    return service;
  }

  async #openMember(self: string, maxSessions: number): Promise<void> {
    const { clock } = this;
    const machine = await openStoreMachine({
      store: new MemoryStore(),
      maxSessions,
      apply: (transaction, command) => {
        transaction.put(LOG, bytes(text(transaction.get(LOG)) + text(command)));
        return command;
      },
    });
    const transport = this.network.join(self);
    const log = new MemoryRaftLog();
    const members = ['a', 'b', 'c'];
    const identity = { self, members, clusterId: 'test' };
    const node = await openRaftNode({ ...identity, transport, clock, log, machine });
    serveClients({ node, transport, clock, query: () => machine.get(LOG) ?? bytes('') });
    this.nodes.set(self, node);
    this.machines.set(self, machine);
  }

  client(name = 'client'): RaftClient {
    const transport = this.network.join(name);
    return new RaftClient({ servers: ['a', 'b', 'c'], transport, clock: this.clock });
  }

  leader(): string {
    const leading = [...this.nodes.values()].filter((node) => node.status().role === 'leader');
    return leading.sort((a, b) => b.status().term - a.status().term)[0]!.self;
  }

  /** Lets time pass until a promise settles. */
  async driven<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    promise.then(settle, settle);
    for (let i = 0; i < 20_000 && !settled; i += 1) {
      this.clock.advance(1);
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
    return promise;
  }
}

describe('a client', () => {
  it('finds the leader, writes and reads', async () => {
    const service = await Service.open();
    const client = service.client();
    expect(text(await service.driven(client.propose(bytes('x'))))).toBe('x');
    expect(text(await service.driven(client.query(bytes(''))))).toBe('x');
    client.close();
    client.close();
    await expect(client.propose(bytes('y'))).rejects.toMatchObject({ code: 'RAFT_CLOSED' });
  });

  it('has a command applied once although its answer was lost with the leader', async () => {
    const service = await Service.open();
    const client = service.client();
    await service.driven(client.propose(bytes('1')));
    const leader = service.leader();
    const proposed = client.propose(bytes('2'));
    // The command arrives; its answer does not, and the leader is gone for everybody.
    for (let i = 0; i < 2; i += 1) {
      service.clock.advance(1);
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
    service.network.cut('client', leader);
    await service.driven(new Promise<void>((done) => service.clock.setTimer(20, done)));
    for (const id of ['a', 'b', 'c']) if (id !== leader) service.network.cut(leader, id);
    expect(text(await service.driven(proposed))).toBe('2');
    expect(text(await service.driven(client.query(bytes(''))))).toBe('12');
  });

  it('keeps many commands in flight, each applied once', async () => {
    const service = await Service.open();
    const client = service.client();
    const all = Array.from({ length: 20 }, (_, i) => client.propose(bytes(`${i} `)));
    await service.driven(Promise.all(all));
    const applied = text(await service.driven(client.query(bytes(''))))
      .trim()
      .split(' ');
    expect(new Set(applied).size).toBe(20);
    expect(applied.length).toBe(20);
  });

  it('opens another session when the group has forgotten its own', async () => {
    const service = await Service.open(1);
    const [one, other] = [service.client('one'), service.client('other')];
    await service.driven(one.propose(bytes('1')));
    await service.driven(other.propose(bytes('2')));
    expect(text(await service.driven(one.propose(bytes('3'))))).toBe('3');
    expect(text(await service.driven(one.query(bytes(''))))).toBe('123');
  });

  it('stops when its caller gives up', async () => {
    const service = await Service.open();
    const client = service.client();
    for (const id of ['a', 'b', 'c']) service.network.cut('client', id);
    const abort = new AbortController();
    const proposed = client.propose(bytes('x'), { signal: abort.signal });
    const refused = expect(proposed).rejects.toThrow('enough');
    await service.driven(new Promise<void>((done) => service.clock.setTimer(100, done)));
    abort.abort(new Error('enough'));
    await service.driven(refused);
    for (const id of ['a', 'b', 'c']) service.network.heal('client', id);
    expect(text(await service.driven(client.propose(bytes('y'))))).toBe('y');
  });
});
