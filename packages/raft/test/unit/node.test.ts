import { subscribe, unsubscribe } from 'node:diagnostics_channel';
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

  it('joins, gets a vote once it keeps up, and others leave, the leader among them', async () => {
    const clock = new ManualClock();
    const cluster = await openMemoryCluster({ apply, clock });
    const first = await driven(clock, cluster.leader());
    for (let i = 0; i < 20; i += 1) await driven(clock, first.propose(Uint8Array.of(i)));
    for (const id of ['d', 'e']) await cluster.join(id);
    const joined = await driven(
      clock,
      first.changeMembers([
        { type: 'voter', id: 'd' },
        { type: 'learner', id: 'e' },
        { type: 'remove', id: first.self },
      ]),
    );
    const voters = ['a', 'b', 'c', 'd'].filter((id) => id !== first.self);
    expect(joined).toMatchObject({ voters, outgoing: [], learners: ['e'] });
    const next = await driven(clock, cluster.leader());
    expect(next.self).not.toBe(first.self);
    expect(await driven(clock, next.propose(Uint8Array.of(9)))).toEqual(Uint8Array.of(9));
    const index = await driven(clock, cluster.nodes.get('e')!.readIndex());
    expect(cluster.machines.get('e')!.appliedIndex).toBeGreaterThanOrEqual(index);
    const again = next.changeMembers([{ type: 'remove', id: first.self }]);
    expect((await driven(clock, again)).voters).toEqual(voters);
    const nobody = voters.map((id) => ({ type: 'remove', id }) as const);
    const unsafe = { code: 'RAFT_UNSAFE_CHANGE', refusal: 'no-voters-left' };
    await expect(driven(clock, next.changeMembers(nobody))).rejects.toMatchObject(unsafe);
    await cluster.close();
  });

  it('stops waiting for a learner that never comes, and leaves it a learner', async () => {
    const clock = new ManualClock();
    const cluster = await openMemoryCluster({ apply, clock });
    const leader = await driven(clock, cluster.leader());
    await driven(clock, leader.propose(Uint8Array.of(1)));
    const abort = new AbortController();
    const change = leader.changeMembers([{ type: 'voter', id: 'z' }], { signal: abort.signal });
    setImmediate(() => abort.abort(new Error('enough')));
    await expect(driven(clock, change)).rejects.toThrow('enough');
    expect(leader.status().configuration.learners).toEqual(['z']);
    await cluster.close();
  });

  it('answers stale reads at once, no older than asked for', async () => {
    const clock = new ManualClock();
    const cluster = await openMemoryCluster({ apply, clock });
    const leader = await driven(clock, cluster.leader());
    await driven(clock, leader.propose(Uint8Array.of(1)));
    const follower = [...cluster.nodes.values()].find(({ self }) => self !== leader.self)!;
    const fresh = await driven(clock, follower.readIndex());
    cluster.network.cut(leader.self, follower.self);
    expect(await follower.readIndex({ maxStalenessMs: 1_000 })).toBeGreaterThanOrEqual(fresh);
    clock.advance(1_001);
    let settled = false;
    follower.readIndex({ maxStalenessMs: 1_000 }).then(
      () => (settled = true),
      () => (settled = true),
    );
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
    expect(settled).toBe(false);
    await cluster.close();
  });

  it('tells diagnostics channels what happens, by name', async () => {
    const seen: string[] = [];
    const note = (message: unknown, name: string | symbol) => {
      seen.push(`${String(name)} ${(message as { node: string }).node}`);
    };
    const names = ['ds:raft:change', 'ds:raft:members', 'ds:raft:apply'];
    for (const name of names) subscribe(name, note);
    const [node, clock] = await single(new MemoryRaftLog());
    await driven(
      clock,
      node.propose(Uint8Array.of(7)).catch(() => node.readIndex()),
    );
    for (const name of names) unsubscribe(name, note);
    await node.close();
    expect(new Set(seen)).toEqual(new Set(names.map((name) => `${name} a`)));
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
      { electionPriority: 2 },
      { maxClockDrift: -1 },
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
