import { ManualClock } from '@ds/clock/memory';
import { MemoryFileSystem, MemoryStore } from '@ds/storage/memory';
import { MemoryNetwork } from '@ds/transport/memory';
import { describe, expect, it } from 'vitest';
import {
  openRaftLog,
  openRaftNode,
  openStoreMachine,
  type RaftLog,
  type RaftNode,
} from '../../src/index.ts';
import { MemoryRaftLog, openMemoryCluster } from '../../src/memory.ts';

const apply = (_transaction: unknown, command: Uint8Array): Uint8Array => command;

/** Lets time pass until a promise settles. */
async function driven<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  for (let i = 0; i < 10_000 && !settled; i += 1) {
    clock.advance(1);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
  return promise;
}

async function single(log: RaftLog, store = new MemoryStore()): Promise<[RaftNode, ManualClock]> {
  const clock = new ManualClock();
  const transport = new MemoryNetwork({ clock }).join('a');
  const machine = await openStoreMachine({ store, apply });
  const identity = { self: 'a', members: ['a'], clusterId: 'test' };
  return [await openRaftNode({ ...identity, transport, clock, log, machine }), clock];
}

describe('a member', () => {
  it('alone is a group: leads at once, writes, reads, and finds it all again', async () => {
    const [fileSystem, store] = [new MemoryFileSystem(), new MemoryStore()];
    const where = { fileSystem, directory: 'log', self: 'a', clusterId: 'test' };
    const [node, clock] = await single(await openRaftLog(where), store);
    await driven(clock, node.readIndex());
    expect(await driven(clock, node.propose(Uint8Array.of(7)))).toEqual(Uint8Array.of(7));
    await node.close();
    await node.close();
    await expect(node.propose(Uint8Array.of(7))).rejects.toMatchObject({ code: 'RAFT_CLOSED' });
    const [again, later] = await single(await openRaftLog(where), store);
    expect(again.status()).toMatchObject({ appliedIndex: 2, term: 1 });
    expect(await driven(later, again.readIndex())).toBe(3);
    await again.close();
  });

  it('refuses a machine that has moved on without its log', async () => {
    const store = new MemoryStore();
    const [node, clock] = await single(new MemoryRaftLog(), store);
    await driven(clock, node.readIndex());
    await driven(clock, node.propose(Uint8Array.of(7)));
    await node.close();
    await expect(single(new MemoryRaftLog(), store)).rejects.toMatchObject({
      code: 'RAFT_CORRUPT',
    });
  });

  it('stops taking part when its disk fails, and says so', async () => {
    const log = new MemoryRaftLog();
    const [node, clock] = await single(log);
    await driven(clock, node.readIndex());
    log.sync = () => Promise.reject(new Error('the disk is gone'));
    const failed = expect.objectContaining({ code: 'RAFT_FAILED' });
    await expect(driven(clock, node.propose(Uint8Array.of(7)))).rejects.toEqual(failed);
    expect(node.status()).toMatchObject({ state: 'failed', failure: 'the disk is gone' });
    await expect(node.propose(Uint8Array.of(7))).rejects.toEqual(failed);
    await node.close();
  });

  it('stops waiting when its caller does', async () => {
    const clock = new ManualClock();
    const cluster = await openMemoryCluster({ apply, clock });
    for (const id of ['b', 'c']) cluster.network.cut('a', id);
    const a = cluster.nodes.get('a')!;
    const abort = new AbortController();
    const read = a.readIndex({ signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
    await expect(a.readIndex({ signal: abort.signal })).rejects.toThrow('enough');
    expect(a.status().pendingReads).toBe(0);
    const notLeader = { code: 'RAFT_NOT_LEADER', leaderHint: undefined };
    await expect(a.propose(Uint8Array.of(1))).rejects.toMatchObject(notLeader);
    const leader = await driven(clock, cluster.leader());
    await expect(leader.propose(new Uint8Array(2 ** 20))).rejects.toThrow(RangeError);
    await cluster.close();
  });

  it('hands leadership over before it closes, and what it answered stays', async () => {
    const clock = new ManualClock();
    const cluster = await openMemoryCluster({ apply, clock });
    const leader = await driven(clock, cluster.leader());
    await driven(clock, leader.propose(Uint8Array.of(1)));
    const before = leader.status();
    await driven(clock, leader.close());
    const next = await driven(clock, cluster.leader());
    expect(next.self).not.toBe(leader.self);
    expect(next.status().term).toBe(before.term + 1);
    expect(next.status().electionsStarted).toBe(1);
    expect(await driven(clock, next.readIndex())).toBeGreaterThan(before.commitIndex);
    await cluster.close();
  });

  it('tells who lost leadership that a command may or may not be applied', async () => {
    const clock = new ManualClock();
    const cluster = await openMemoryCluster({ apply, clock });
    const leader = await driven(clock, cluster.leader());
    for (const id of cluster.nodes.keys()) {
      if (id !== leader.self) cluster.network.cut(leader.self, id);
    }
    const lost = driven(clock, leader.propose(Uint8Array.of(1)));
    await expect(lost).rejects.toMatchObject({ code: 'RAFT_UNCERTAIN' });
    await cluster.close();
  });

  it('refuses settings that cannot be right', async () => {
    const clock = new ManualClock();
    const transport = new MemoryNetwork({ clock }).join('a');
    const machine = await openStoreMachine({ store: new MemoryStore(), apply });
    const good = { self: 'a', members: ['a'], clusterId: 'test', transport, clock, machine };
    const log = new MemoryRaftLog();
    const wrong = [
      { members: ['b'] },
      { members: ['a', 'a'] },
      { self: 'b', members: ['b'] },
      { electionTimeoutMs: 50, heartbeatIntervalMs: 40 },
      { maxUncommittedBytes: Number.POSITIVE_INFINITY },
      { maxBatchBytes: 2 ** 30 },
    ];
    for (const option of wrong) {
      const opening = openRaftNode({ ...good, log, ...option });
      await expect(opening).rejects.toThrow(/Error|must|twice|among|belongs/);
    }
  });
});
