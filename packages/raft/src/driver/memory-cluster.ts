/**
 * A group of members inside one process, over an in-memory network, with logs and stores in memory:
 * the shortest way to try an `apply` function, and to see it survive the loss of a leader.
 */
import { type Clock, systemClock } from '@ds/clock';
import { MemoryStore } from '@ds/storage/memory';
import { MemoryNetwork } from '@ds/transport/memory';
import { MemoryRaftLog } from '../log/memory-log.ts';
import {
  openStoreMachine,
  type StoreMachine,
  type StoreMachineOptions,
} from '../machine/store-machine.ts';
import { openRaftNode } from './driver.ts';
import type { RaftNode, RaftNodeOptions, WaitOptions } from './node.ts';

export interface MemoryClusterOptions {
  readonly apply: StoreMachineOptions['apply'];
  /** @default ['a', 'b', 'c'] */
  readonly members?: readonly string[];
  /** @default systemClock */
  readonly clock?: Clock;
  /** Settings for every member. */
  readonly node?: Partial<
    Omit<RaftNodeOptions, 'self' | 'members' | 'transport' | 'clock' | 'log' | 'machine'>
  >;
}

export interface MemoryCluster extends AsyncDisposable {
  /** Cut and heal links between members here. */
  readonly network: MemoryNetwork;
  readonly nodes: ReadonlyMap<string, RaftNode>;
  /** What each member has applied. */
  readonly machines: ReadonlyMap<string, StoreMachine>;
  /** Opens one more node; it takes part once the leader's `changeMembers` has made it a member. */
  join(id: string): Promise<RaftNode>;
  /** Resolves with the member that leads, once one does. */
  leader(options?: WaitOptions): Promise<RaftNode>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Opens all members; they elect a leader within two election timeouts. */
export async function openMemoryCluster(options: MemoryClusterOptions): Promise<MemoryCluster> {
  const { apply, members = ['a', 'b', 'c'], clock = systemClock, node = {} } = options;
  const network = new MemoryNetwork({ clock });
  const nodes = new Map<string, RaftNode>();
  const machines = new Map<string, StoreMachine>();
  const open = async (self: string, members: readonly string[]): Promise<RaftNode> => {
    const machine = await openStoreMachine({ store: new MemoryStore(), apply });
    const transport = network.join(self);
    const log = new MemoryRaftLog();
    const settings = {
      clusterId: 'memory',
      ...node,
      self,
      members,
      transport,
      clock,
      log,
      machine,
    };
    machines.set(self, machine);
    const opened = await openRaftNode(settings);
    nodes.set(self, opened);
    return opened;
  };
  for (const self of members) await open(self, members);
  const close = async (): Promise<void> => {
    await Promise.all([...nodes.values()].map((member) => member.close({ transfer: false })));
  };
  return {
    network,
    nodes,
    machines,
    close,
    join: (id) => open(id, []),
    leader: (wait) => findLeader([...nodes.values()], wait),
    [Symbol.asyncDispose]: close,
  };
}

function findLeader(nodes: readonly RaftNode[], { signal }: WaitOptions = {}): Promise<RaftNode> {
  const current = (): RaftNode | undefined => {
    // After a partition an old leader may not know yet: the latest term decides.
    const leading = nodes.filter((node) => node.status().role === 'leader');
    return leading.sort((a, b) => b.status().term - a.status().term)[0];
  };
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const found = current();
    if (found !== undefined) return resolve(found);
    const subscriptions = nodes.map((node) =>
      node.onChange(() => {
        const leader = current();
        if (leader !== undefined) settle(() => resolve(leader));
      }),
    );
    const abort = (): void => settle(() => reject(signal?.reason));
    const settle = (done: () => void): void => {
      for (const unsubscribe of subscriptions) unsubscribe();
      signal?.removeEventListener('abort', abort);
      done();
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}
