import { describe, expect, it } from 'vitest';
import { isJoint } from '../../src/members/configuration.ts';
import { Group } from './group.ts';

const three = { a: {}, b: {}, c: {} };
const joiner = { joins: true };

/** Heartbeats of `leader`, a few. */
function beat(group: Group, leader: string, times = 4): void {
  for (let i = 0; i < times; i += 1) {
    group.tick(leader, 10);
    group.settle();
  }
}

describe('one voter more or less (thesis 4.1)', () => {
  it('joins: receives the log, counts from the moment its entry is appended', () => {
    const group = new Group({ ...three, d: joiner });
    group.elect('a');
    group.propose('a');
    group.change('a', 'voter d');
    expect(group.core('a').configuration.voters).toEqual(['a', 'b', 'c', 'd']);
    group.settle();
    beat(group, 'a');
    expect(group.member('d').terms).toEqual([1, 1, 1]);
    expect(group.core('d').configuration.voters).toEqual(['a', 'b', 'c', 'd']);
    group.cut('c');
    group.cut('b');
    group.propose('a');
    group.settle();
    // Two of four are no majority.
    expect(group.core('a').commitIndex).toBe(3);
  });

  it('that was removed does not count any more, and is not sent anything', () => {
    const group = new Group(three);
    group.elect('a');
    group.change('a', 'remove c');
    expect(group.parcels.filter(({ to }) => to === 'c')).toEqual([]);
    group.settle();
    expect(group.core('a').commitIndex).toBe(2);
    group.cut('b');
    group.propose('a');
    group.settle();
    expect(group.core('a').commitIndex).toBe(2);
  });

  it('that was removed and does not know it disturbs nobody', () => {
    const group = new Group(three);
    group.elect('a');
    group.change('a', 'remove c');
    group.settle();
    for (let i = 0; i < 30; i += 1) {
      group.tick('c', 40);
      beat(group, 'a', 1);
    }
    expect(group.core('c').role).toBe('pre-candidate');
    expect(group.core('a').role).toBe('leader');
    expect(group.core('a').term).toBe(1);
  });

  it('does not stand for election before it has joined', () => {
    const group = new Group({ ...three, d: joiner });
    group.timeout('d');
    expect(group.parcels).toEqual([]);
    expect(group.core('d').deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('goes back to the configuration before when the entry is truncated', () => {
    const group = new Group({ ...three, d: joiner });
    group.elect('a');
    group.cut('a');
    group.change('a', 'voter d');
    expect(group.core('a').configurationIndex).toBe(2);
    group.drop();
    group.elect('b');
    group.tick('a', 0);
    group.heal();
    beat(group, 'b');
    expect(group.core('a').leader).toBe('b');
    expect(group.core('a').configuration.voters).toEqual(['a', 'b', 'c']);
    expect(group.core('a').configurationIndex).toBe(1);
  });

  it('gets its vote from members that do not know it yet', () => {
    const group = new Group({ a: {}, b: {}, c: joiner });
    group.elect('a');
    group.change('a', 'voter c');
    // The entry reaches c alone, which does not learn that it is committed.
    group.drop(({ to }) => to === 'b');
    group.deliver();
    group.settle();
    expect(group.core('c').configuration.voters).toEqual(['a', 'b', 'c']);
    expect(group.core('b').configuration.voters).toEqual(['a', 'b']);
    group.cut('a');
    group.elect('c');
    beat(group, 'c');
    expect(group.core('b').configuration.voters).toEqual(['a', 'b', 'c']);
  });
});

describe('the leader', () => {
  it('that removes itself leads until that is committed, without counting itself', () => {
    const group = new Group(three);
    group.elect('a');
    group.change('a', 'remove a');
    expect(group.core('a').role).toBe('leader');
    const { parcels } = group;
    group.parcels = parcels.filter(({ to }) => to === 'b');
    group.settle();
    // Its own and b's are two of the old three, and one of the new two.
    expect(group.core('a').commitIndex).toBe(1);
    group.parcels = parcels.filter(({ to }) => to === 'c');
    group.settle();
    expect(group.core('a').role).toBe('follower');
    expect(group.core('a').commitIndex).toBe(2);
  });

  it('that removed itself and lost its post stands again: nobody else can be elected', () => {
    const group = new Group({ a: {}, b: {} });
    group.elect('b');
    beat(group, 'b');
    group.change('b', 'remove b');
    group.drop();
    // It hears from no majority of the new members, so it steps down.
    for (let i = 0; i < 12; i += 1) group.tick('b', 10);
    group.drop();
    expect(group.core('b').role).toBe('follower');
    group.timeout('a');
    group.settle();
    expect(group.core('a').role).not.toBe('leader');
    group.timeout('b');
    group.settle();
    expect(group.core('a')).toMatchObject({ role: 'leader' });
    expect(group.core('a').configuration.voters).toEqual(['a']);
    expect(group.core('b').role).toBe('follower');
  });

  it('that was removed hands over at once, and does not stand again', () => {
    const group = new Group(three);
    group.elect('a');
    group.change('a', 'remove a');
    group.settle();
    const leaders = ['b', 'c'].filter((id) => group.core(id).role === 'leader');
    expect(leaders.length).toBe(1);
    group.timeout('a');
    expect(group.core('a').role).toBe('follower');
    expect(group.core(leaders[0]!).commitIndex).toBe(3);
  });
});

describe('learners', () => {
  it('receive everything and decide nothing', () => {
    const group = new Group({ ...three, d: joiner });
    group.elect('a');
    group.change('a', 'learner d');
    group.settle();
    beat(group, 'a');
    expect(group.member('d').terms).toEqual(group.member('a').terms);
    group.cut('b', 'c');
    group.propose('a');
    group.settle();
    expect(group.core('a').commitIndex).toBe(2);
    group.timeout('d');
    expect(group.core('d').role).toBe('follower');
  });

  it('do not keep a leader alive that no voter answers', () => {
    const group = new Group({ a: {}, b: {}, c: joiner });
    group.elect('a');
    group.change('a', 'learner c');
    group.settle();
    group.cut('b');
    for (let i = 0; i < 15; i += 1) beat(group, 'a', 1);
    expect(group.core('a').role).toBe('follower');
  });

  it('serve reads', () => {
    const group = new Group({ ...three, d: joiner });
    group.elect('a');
    group.change('a', 'learner d');
    group.settle();
    beat(group, 'a');
    group.read('d', 5);
    group.settle();
    expect(group.member('d').reads).toEqual([5]);
  });
});

describe('many at once: joint consensus (paper 6)', () => {
  const five = { ...three, d: joiner, e: joiner };

  it('decides with a majority of the old and one of the new, and leaves by itself', () => {
    const group = new Group(five);
    group.elect('a');
    group.change('a', 'voter d', 'voter e', 'remove b', 'remove c');
    expect(isJoint(group.core('a').configuration)).toBe(true);
    group.cut('d', 'e');
    group.settle();
    expect(group.core('a').commitIndex).toBe(1);
    group.heal();
    beat(group, 'a');
    expect(group.core('a').configuration).toMatchObject({ voters: ['a', 'd', 'e'], outgoing: [] });
    expect(group.core('a').commitIndex).toBe(3);
    expect(group.core('e').configuration.voters).toEqual(['a', 'd', 'e']);
  });

  it('is completed by the next leader when the one that began it is gone', () => {
    const group = new Group(five);
    group.elect('a');
    group.change('a', 'voter d', 'voter e');
    group.deliver();
    expect(isJoint(group.core('b').configuration)).toBe(true);
    group.cut('a');
    group.drop();
    group.timeout('b');
    group.settle();
    beat(group, 'b');
    expect(group.core('b').role).toBe('leader');
    expect(group.core('b').configuration).toMatchObject({
      voters: ['a', 'b', 'c', 'd', 'e'],
      outgoing: [],
    });
  });

  it('replaces all members, the leader among them', () => {
    const group = new Group({ a: {}, b: joiner, c: joiner });
    group.elect('a');
    group.change('a', 'voter b', 'voter c', 'remove a');
    group.settle();
    beat(group, 'a');
    const leader = ['b', 'c'].find((id) => group.core(id).role === 'leader')!;
    expect(group.core(leader).configuration.voters).toEqual(['b', 'c']);
    expect(group.core('a').role).toBe('follower');
  });

  it('demotes a voter only when the joint configuration is left', () => {
    const group = new Group({ ...three, d: joiner });
    group.elect('a');
    group.change('a', 'voter d', 'learner c');
    expect(group.core('a').configuration.learnersNext).toEqual(['c']);
    group.settle();
    beat(group, 'a');
    expect(group.core('a').configuration).toMatchObject({
      voters: ['a', 'b', 'd'],
      learners: ['c'],
      learnersNext: [],
    });
  });
});

describe('unsafe changes are refused', () => {
  it('while another is under way', () => {
    const group = new Group({ ...three, d: joiner, e: joiner });
    group.elect('a');
    group.change('a', 'voter d');
    group.change('a', 'voter e');
    expect(group.member('a').refusals).toEqual(['uncommitted']);
  });

  it('before the leader has committed an entry of its own term', () => {
    const group = new Group({ ...three, d: joiner });
    group.timeout('a');
    for (let i = 0; i < 4; i += 1) group.deliver(({ message }) => message.kind !== 'append');
    expect(group.core('a').role).toBe('leader');
    group.change('a', 'voter d');
    expect(group.member('a').refusals).toEqual(['new-leader']);
    group.settle();
    group.change('a', 'voter d');
    expect(group.member('a').refusals.length).toBe(1);
  });

  it('when nobody would be left, and when it is not the leader that is asked', () => {
    const group = new Group({ a: {} });
    group.timeout('a');
    group.change('a', 'remove a');
    const other = new Group(three);
    other.change('b', 'remove a');
    expect(group.member('a').refusals).toEqual(['no-voters-left']);
    expect(other.member('b').refusals).toEqual(['RAFT_NOT_LEADER']);
  });
});
