/** Opens a node as open-kv-node.ts does, with one part of it exchanged: where planted bugs live. */
import {
  openRaftLog,
  openStoreMachine,
  type RaftLog,
  type RaftNode,
  type StateMachine,
  type StoreMachine,
} from '@ds/raft';
// @boundaries-ignore as above
import { type Rules, raftRules } from '../../../../packages/raft/src/core/rules.ts';
// @boundaries-ignore a seam that raft keeps for planted bugs, and does not publish
import { openWithRules } from '../../../../packages/raft/src/driver/driver.ts';
import { KvNode } from '../../src/kv-node.ts';
import { applyCommand } from '../../src/machine.ts';
import { openEngine } from '../../src/open-engine.ts';
import type { OpenKvNodeOptions } from '../../src/open-kv-node.ts';

export interface Exchanged {
  readonly rules?: Partial<Rules>;
  readonly log?: (log: RaftLog) => RaftLog;
  readonly machine?: (machine: StoreMachine) => StateMachine;
  readonly raft?: (raft: RaftNode) => RaftNode;
}

export async function openPlanted(
  {
    self,
    members,
    clusterId,
    transport,
    clock,
    random = Math.random,
    ...options
  }: OpenKvNodeOptions,
  exchanged: Exchanged,
): Promise<KvNode> {
  const { fileSystem, directory, segmentBytes = 2 ** 20 } = options;
  const same = <T>(part: T): T => part;
  const {
    rules = {},
    log: planLog = same,
    machine: planMachine = same,
    raft: planRaft = same,
  } = exchanged;
  const store = await openEngine({ fileSystem, directory: `${directory}/store` }, options.store);
  const identity = { self, clusterId };
  const log = await openRaftLog({
    fileSystem,
    directory: `${directory}/raft`,
    ...identity,
    segmentBytes,
  });
  const machine = await openStoreMachine({ store, apply: applyCommand });
  const raft = await openWithRules(
    {
      ...options.raft,
      ...identity,
      members,
      transport,
      clock,
      random,
      log: planLog(log),
      machine: planMachine(machine),
    },
    { ...raftRules, ...rules },
  );
  const parts = { raft: planRaft(raft), machine, store, transport, clock, random };
  return new KvNode({ ...options.limits, ...parts });
}

/** `target` with some of its members replaced; the others work on `target` itself. */
export function replaced<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get: (_target, name) => {
      if (Object.hasOwn(members, name)) return members[name as keyof T];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
