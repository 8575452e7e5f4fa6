/** The interaction scripts of etcd-io/raft, in our own terms; README.md lists those without one. */
import { describe, expect, it } from 'vitest';
import { isJoint } from '../../src/members/configuration.ts';
import { Group } from '../unit/group.ts';

const three = { a: {}, b: {}, c: {} };
const joiner = { joins: true };

function beat(group: Group, leader: string, times = 4): void {
  for (let i = 0; i < times; i += 1) {
    group.tick(leader, 10);
    group.settle();
  }
}

function followers(group: Group, leader: string) {
  return group.core(leader).status().peers;
}

describe('elections', () => {
  it('single_node: elects itself and commits alone', () => {
    const group = new Group({ a: {} });
    group.timeout('a');
    expect(group.core('a').role).toBe('leader');
    expect(group.core('a').commitIndex).toBe(1);
  });

  it('campaign: a candidate becomes leader of all and commits its first entry', () => {
    const group = new Group(three);
    group.elect('a');
    beat(group, 'a');
    for (const id of ['a', 'b', 'c']) expect(group.core(id).commitIndex).toBe(1);
  });

  it('campaign_learner_must_vote: one that does not know of its promotion votes', () => {
    const group = new Group({ a: {}, b: joiner });
    group.elect('a');
    group.change('a', 'learner b');
    group.settle();
    beat(group, 'a');
    group.cut('b');
    group.change('a', 'voter b');
    group.drop();
    expect(group.core('b').configuration.learners).toEqual(['b']);
    // The leader finds no majority and steps down; then it stands again.
    for (let i = 0; i < 12; i += 1) group.tick('a', 10);
    expect(group.core('a').role).toBe('follower');
    group.drop();
    group.heal();
    group.elect('a');
    beat(group, 'a');
    expect(group.core('b').configuration.voters).toEqual(['a', 'b']);
  });

  it('prevote: a candidate whose log is behind raises nobody to its term', () => {
    const group = new Group(three);
    group.elect('a');
    group.cut('c');
    group.propose('a');
    group.settle();
    group.heal();
    group.cut('a');
    // Long enough that b does not believe in its leader any more.
    group.timeout('c');
    group.settle();
    expect(group.core('c').role).toBe('pre-candidate');
    expect(group.core('b').term).toBe(1);
    group.elect('b');
    expect(group.core('c').term).toBe(2);
  });

  it('prevote_checkquorum: nobody votes against a leader it hears, a quorum of doubters may', () => {
    const group = new Group(three);
    group.elect('a');
    beat(group, 'a');
    group.tick('c', 0);
    group.receive('b', 'c', { kind: 'pre-vote', term: 2, lastIndex: 9, lastTerm: 1 });
    expect(group.parcels).toEqual([]);
    // Two that both have timed out are a quorum, though the leader is alive.
    group.timeout('c');
    group.drop();
    group.timeout('b');
    group.settle();
    expect(group.core('b').role).toBe('leader');
    expect(group.core('a').leader).toBe('b');
  });

  it('checkquorum: a leader without a quorum steps down, and others may be elected', () => {
    const group = new Group(three);
    group.elect('a');
    for (let i = 0; i < 12; i += 1) group.tick('a', 10);
    group.drop();
    expect(group.core('a').role).toBe('follower');
    group.elect('b');
    expect(group.core('a').leader).toBe('b');
  });
});

describe('replication', () => {
  it('async_storage_writes: each member appends, acknowledges and applies at its own pace', () => {
    const group = new Group(three);
    group.elect('a');
    for (const id of ['a', 'b', 'c']) group.slowDisks.add(id);
    group.propose('a');
    group.propose('a');
    group.settle();
    expect(group.core('a').commitIndex).toBe(1);
    group.persist('b');
    group.persist('c');
    group.settle();
    expect(group.core('a').commitIndex).toBe(3);
    expect(group.member('a').applied).toEqual([1]);
    group.persist('a');
    beat(group, 'a');
    for (const id of ['a', 'b', 'c']) expect(group.member(id).applied).toEqual([1, 2, 3]);
  });

  it('async_storage_writes_append_aba_race: an old write does not vouch for a newer entry', () => {
    const group = new Group({ ...three, d: {}, e: {} });
    group.elect('a');
    beat(group, 'a');
    group.slowDisks.add('c');
    group.propose('a');
    group.deliver(({ to }) => to === 'c');
    group.drop();
    group.cut('a');
    // Another leader puts its entry in that place; then the first is back with a third.
    group.elect('b');
    group.heal();
    group.persist('c', 1);
    group.settle();
    expect(group.core('b').status().peers.c!.matchIndex).toBeLessThan(2);
    group.persist('c');
    beat(group, 'b');
    expect(group.core('b').status().peers.c!.matchIndex).toBe(2);
    expect(group.member('c').terms).toEqual([1, 2]);
  });

  it('probe_and_replicate: every log of figure 7 is probed, found and repaired', () => {
    const logs = [
      [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
      [1, 1, 1, 4],
      [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    const [a, b, c] = logs.map((terms) => ({ terms, hardState: { term: 7, votedFor: undefined } }));
    const group = new Group({ a: a!, b: b!, c: c! });
    group.elect('a');
    beat(group, 'a');
    for (const id of ['b', 'c']) {
      expect(group.member(id).terms).toEqual(group.member('a').terms);
      expect(followers(group, 'a')[id]!.state).toBe('replicate');
    }
  });

  it('replicate_pause: a full window waits, and a lost one is found out by heartbeats', () => {
    const window = { settings: { maxInFlightMessages: 3 } };
    const group = new Group({ a: window, b: window, c: window });
    group.elect('a');
    for (let i = 0; i < 3; i += 1) group.propose('a');
    expect(followers(group, 'a').c!.inFlight).toBe(3);
    group.drop(({ to }) => to === 'c');
    group.settle();
    for (let i = 0; i < 3; i += 1) group.propose('a');
    expect(group.parcels.filter(({ to }) => to === 'c')).toEqual([]);
    expect(group.parcels.filter(({ to }) => to === 'b').length).toBe(3);
    beat(group, 'a');
    expect(group.member('c').terms.length).toBe(7);
    expect(followers(group, 'a').c).toMatchObject({ state: 'replicate', inFlight: 0 });
  });

  it('lagging_commit: a follower that missed the commit index learns it without new entries', () => {
    const group = new Group(three);
    group.elect('a');
    beat(group, 'a');
    group.propose('a');
    group.propose('a');
    group.deliver();
    // c's acknowledgements are lost, and what follows is for b alone.
    group.drop(({ from }) => from === 'c');
    group.deliver();
    group.drop(({ to }) => to === 'c');
    group.settle();
    expect([group.core('a').commitIndex, group.core('c').commitIndex]).toEqual([3, 1]);
    beat(group, 'a', 2);
    expect(group.core('c').commitIndex).toBe(3);
  });

  it('heartbeat_resp_recovers_from_probing: an answer brings a follower back to replicating', () => {
    const group = new Group(three);
    group.elect('a');
    beat(group, 'a');
    group.core('a').step({ kind: 'undelivered', peer: 'b' });
    expect(followers(group, 'a').b!.state).toBe('probe');
    beat(group, 'a', 2);
    expect(followers(group, 'a').b!.state).toBe('replicate');
  });
});

describe('members', () => {
  it('confchange_v1_add_single: a group of one becomes a group of two', () => {
    const group = new Group({ a: {}, b: joiner });
    group.elect('a');
    group.change('a', 'voter b');
    group.settle();
    beat(group, 'a');
    expect(group.core('b').configuration.voters).toEqual(['a', 'b']);
    expect(group.core('b').commitIndex).toBe(2);
  });

  it('confchange_v2_add_single_auto: one voter needs no joint configuration', () => {
    const group = new Group({ a: {}, b: joiner });
    group.elect('a');
    group.change('a', 'voter b');
    expect(isJoint(group.core('a').configuration)).toBe(false);
  });

  it.each(['confchange_v2_add_double_auto', 'confchange_v2_add_double_implicit'])(
    '%s: two voters go through a joint configuration that ends by itself',
    () => {
      const group = new Group({ a: {}, b: joiner, c: joiner });
      group.elect('a');
      group.change('a', 'voter b', 'voter c');
      expect(group.core('a').configuration).toMatchObject({ outgoing: ['a'], autoLeave: true });
      group.settle();
      beat(group, 'a');
      for (const id of ['a', 'b', 'c']) {
        const { voters, outgoing } = group.core(id).configuration;
        expect([voters, outgoing]).toEqual([['a', 'b', 'c'], []]);
      }
    },
  );

  it('confchange_v1_remove_leader: one that removed itself does not count itself', () => {
    const group = new Group(three);
    group.elect('a');
    group.change('a', 'remove a');
    group.propose('a');
    group.propose('a');
    const toB = group.parcels.filter(({ to }) => to === 'b');
    const toC = group.parcels.filter(({ to }) => to === 'c');
    group.parcels = toB;
    group.settle();
    expect(group.core('a').commitIndex).toBe(1);
    group.parcels = toC;
    group.settle();
    // The change is committed, so it follows; what comes after is up to the next leader.
    expect(group.core('a')).toMatchObject({ role: 'follower', commitIndex: 2 });
    beat(group, 'b');
    expect(group.core('b')).toMatchObject({ role: 'leader', commitIndex: 5 });
  });

  it('confchange_v1_remove_leader_stepdown: it leads no longer once that is committed', () => {
    const group = new Group(three);
    group.elect('a');
    group.change('a', 'remove a');
    group.settle();
    expect(group.core('a').role).toBe('follower');
    expect(group.core('a').deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('confchange_v2_replace_leader: leadership may move while the configuration is joint', () => {
    const group = new Group({ ...three, d: joiner });
    group.elect('a');
    beat(group, 'a');
    group.change('a', 'voter d', 'remove a');
    expect(isJoint(group.core('a').configuration)).toBe(true);
    group.core('a').step({ kind: 'transfer', to: 'd' });
    beat(group, 'a');
    expect(group.core('d').role).toBe('leader');
    beat(group, 'd');
    expect(group.core('d').configuration).toMatchObject({ voters: ['b', 'c', 'd'], outgoing: [] });
    group.timeout('a');
    group.settle();
    expect(group.core('a').role).toBe('pre-candidate');
    expect(group.core('d').role).toBe('leader');
  });

  it('confchange_v2_replace_leader_stepdown: the leader leaves at the end of the change', () => {
    const group = new Group({ ...three, d: joiner });
    group.elect('a');
    group.change('a', 'voter d', 'remove a');
    group.settle();
    beat(group, 'a');
    const leader = ['b', 'c', 'd'].find((id) => group.core(id).role === 'leader')!;
    expect(group.core('a').role).toBe('follower');
    expect(group.core(leader).configuration.voters).toEqual(['b', 'c', 'd']);
  });
});
