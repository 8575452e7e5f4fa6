import { describe, expect, it } from 'vitest';
import { Group } from './group.ts';

const three = { a: {}, b: {}, c: {} };

describe('elections (paper 5.2, 5.4.1; thesis 9.6)', () => {
  it('elects one leader, which commits an entry of its own at once', () => {
    const group = new Group(three);
    group.elect('a');
    expect(group.core('a').commitIndex).toBe(1);
    for (const id of ['b', 'c']) expect(group.core(id).leader).toBe('a');
  });

  it('lets two candidates of one term split the votes, and neither lead', () => {
    const group = new Group({ a: {}, b: {}, c: {}, d: {} });
    group.timeout('a');
    group.timeout('b');
    group.deliver(({ message }) => message.kind === 'pre-vote');
    group.deliver(({ message }) => message.kind === 'pre-vote-response');
    group.deliver(({ from, to }) => (from === 'a' && to === 'c') || (from === 'b' && to === 'd'));
    group.settle();
    expect(group.core('a').term).toBe(1);
    expect(group.core('b').term).toBe(1);
    expect([...group.members.values()].some(({ core }) => core.role === 'leader')).toBe(false);
  });

  it('does not elect a member whose log lacks what may be committed', () => {
    const group = new Group({ a: { terms: [1] }, b: { terms: [1, 2] }, c: { terms: [1, 2] } });
    group.timeout('a');
    group.settle();
    expect(group.core('a').role).not.toBe('leader');
    group.elect('b');
    expect(group.member('a').terms).toEqual([1, 2, 3]);
  });

  it('is not disturbed by a member that was cut off and comes back', () => {
    const group = new Group(three);
    group.elect('a');
    const pass = (): void => {
      for (let i = 0; i < 50; i += 1) {
        group.tick('c', 10);
        group.tick('a', 10);
        group.settle();
      }
    };
    group.cut('c');
    pass();
    expect(group.core('c').role).toBe('pre-candidate');
    expect(group.core('c').term).toBe(1);
    group.heal();
    pass();
    expect(group.core('a').term).toBe(1);
    expect(group.core('c').leader).toBe('a');
  });

  it('lets a leader step down that hears from no majority', () => {
    const group = new Group(three);
    group.elect('a');
    group.cut('a');
    group.tick('a', 50);
    expect(group.core('a').role).toBe('leader');
    group.tick('a', 60);
    expect(group.core('a').role).toBe('follower');
  });

  it('lets no vote leave, its own included, before it is on disk', () => {
    const group = new Group(three);
    for (const id of ['a', 'b', 'c']) group.slowDisks.add(id);
    group.timeout('a');
    group.settle();
    expect(group.core('a').role).toBe('candidate');
    expect(group.parcels).toEqual([]);
    group.persist('a');
    group.deliver();
    expect(group.core('b').status().votedFor).toBe('a');
    expect(group.parcels).toEqual([]);
    group.persist('b');
    group.settle();
    expect(group.core('a').role).toBe('leader');
  });

  it('hands leadership over to a member that holds everything (thesis 3.10)', () => {
    const group = new Group(three);
    group.elect('a');
    group.propose('a');
    group.core('a').step({ kind: 'transfer', to: 'b' });
    group.propose('a');
    expect(group.member('a').refusals).toEqual(['RAFT_NOT_LEADER']);
    group.settle();
    expect(group.core('b').role).toBe('leader');
    expect(group.core('a').leader).toBe('b');
  });
});

describe('replication (paper 5.3)', () => {
  it('brings every follower of figure 7 to the log of its leader', () => {
    const figure7 = {
      leader: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
      a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
      b: [1, 1, 1, 4],
      c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
      d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
      e: [1, 1, 1, 4, 4, 4, 4],
      f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    };
    const starts = Object.entries(figure7).map(([id, terms]) => {
      return [id, { terms, hardState: { term: 7, votedFor: undefined } }] as const;
    });
    const group = new Group(Object.fromEntries(starts));
    group.elect('leader');
    for (const { terms } of group.members.values()) expect(terms).toEqual([...figure7.leader, 8]);
    expect(group.core('leader').commitIndex).toBe(11);
  });

  it('skips whole terms of a follower that differs in thousands of entries', () => {
    const mine = [...Array<number>(3000).fill(1), ...Array<number>(10).fill(4)];
    const other = [...Array<number>(1000).fill(1), ...Array<number>(2000).fill(2)];
    const group = new Group({ a: { terms: mine }, b: { terms: other }, c: { terms: mine } });
    group.timeout('a');
    let rejections = 0;
    while (group.parcels.length > 0) {
      rejections += group.parcels.filter(
        ({ message }) => message.kind === 'append-rejected',
      ).length;
      group.deliver();
    }
    expect(group.member('b').terms).toEqual([...mine, 5]);
    expect(rejections).toBeLessThan(5);
  });

  it('keeps what a late, doubled append does not contradict', () => {
    const group = new Group(three);
    group.elect('a');
    group.propose('a');
    const late = group.parcels.filter(({ to, message }) => to === 'b' && message.kind === 'append');
    group.propose('a');
    group.settle();
    for (const { to, from, message } of late) group.receive(to, from, message);
    expect(group.member('b').terms).toEqual([1, 1, 1]);
  });

  it('sends again what was lost, without waiting for new commands', () => {
    const group = new Group(three);
    group.elect('a');
    group.propose('a');
    group.propose('a');
    group.drop(({ message }) => message.kind === 'append');
    expect(group.core('a').commitIndex).toBe(1);
    for (let i = 0; i < 3; i += 1) {
      group.tick('a', 10);
      group.settle();
    }
    expect(group.core('a').commitIndex).toBe(3);
  });

  it('has no more on its way to a follower than the window allows', () => {
    const group = new Group(three);
    group.elect('a');
    group.cut('b');
    for (let i = 0; i < 20; i += 1) group.propose('a');
    const appends = group.parcels.filter((p) => p.to === 'b' && p.message.kind === 'append');
    expect(appends.length).toBe(8);
  });

  it('refuses proposals beyond what may wait, and takes them again later', () => {
    const group = new Group(three);
    group.elect('a');
    group.propose('a', 900);
    group.propose('a', 900);
    expect(group.member('a').refusals).toEqual(['RAFT_OVERLOADED']);
    group.settle();
    group.propose('a', 900);
    expect(group.member('a').refusals.length).toBe(1);
  });
});

describe('commitment (paper 5.4.2)', () => {
  it('does not commit an older entry by counting: figure 8', () => {
    const group = new Group({
      s1: { terms: [1, 2], hardState: { term: 3, votedFor: undefined } },
      s2: { terms: [1, 2], hardState: { term: 3, votedFor: undefined } },
      s3: { terms: [1], hardState: { term: 3, votedFor: undefined } },
      s4: { terms: [1], hardState: { term: 3, votedFor: undefined } },
      s5: { terms: [1, 3], hardState: { term: 3, votedFor: undefined } },
    });
    group.cut('s5');
    group.timeout('s1');
    for (let i = 0; i < 4; i += 1) group.deliver(({ message }) => message.kind !== 'append');
    expect(group.core('s1').role).toBe('leader');
    // The entry of term 2 reaches s3, the one of term 4 reaches nobody: figure 8 (c).
    const previous = { previousIndex: 1, previousTerm: 1, commitIndex: 0 };
    const [entry] = group.member('s1').entries.slice(1, 2);
    group.drop();
    group.receive('s3', 's1', { kind: 'append', term: 4, ...previous, entries: [entry!] });
    group.receive('s2', 's1', { kind: 'append', term: 4, ...previous, entries: [entry!] });
    group.deliver(({ message }) => message.kind === 'append-response');
    expect(group.core('s1').status().peers.s3!.matchIndex).toBe(2);
    expect(group.core('s1').commitIndex).toBe(0);
    // Now also the one of term 4: figure 8 (e).
    for (let i = 0; i < 4; i += 1) {
      group.tick('s1', 10);
      group.settle();
    }
    expect(group.core('s1').commitIndex).toBe(3);
  });
});

describe('appends and the disk', () => {
  it('sends while its own disk is syncing, and counts itself only afterwards', () => {
    const group = new Group(three);
    group.elect('a');
    group.slowDisks.add('a');
    group.cut('c');
    group.propose('a');
    expect(group.parcels.some(({ message }) => message.kind === 'append')).toBe(true);
    group.settle();
    expect(group.core('a').commitIndex).toBe(1);
    group.persist('a');
    expect(group.core('a').commitIndex).toBe(2);
  });

  it('commits without the leader, and applies there only what is on its own disk', () => {
    const group = new Group(three);
    group.elect('a');
    group.slowDisks.add('a');
    group.propose('a');
    group.settle();
    expect(group.core('a').commitIndex).toBe(2);
    expect(group.member('a').applied).toEqual([1]);
    group.persist('a');
    expect(group.member('a').applied).toEqual([1, 2]);
  });

  it('acknowledges an append when it is on disk, and not before', () => {
    const group = new Group(three);
    group.elect('a');
    group.slowDisks.add('b');
    group.propose('a');
    group.settle();
    expect(group.core('a').status().peers.b!.matchIndex).toBe(1);
    group.persist('b');
    group.settle();
    expect(group.core('a').status().peers.b!.matchIndex).toBe(2);
  });

  it('does not take an entry for durable that was overwritten and came back (ABA)', () => {
    const group = new Group({ a: { terms: [1] }, b: { terms: [1] }, c: { terms: [1] } });
    group.slowDisks.add('a');
    const at = { previousIndex: 1, previousTerm: 1, commitIndex: 0 };
    const entry = (term: number) => {
      return { index: 2, term, kind: 'no-op', command: new Uint8Array(0) } as const;
    };
    group.receive('a', 'b', { kind: 'append', term: 2, ...at, entries: [entry(2)] });
    group.receive('a', 'c', { kind: 'append', term: 3, ...at, entries: [entry(3)] });
    group.receive('a', 'b', { kind: 'append', term: 4, ...at, entries: [entry(2)] });
    // The first write is done: entry 2 of term 2 was on disk, and the second is overwriting it.
    group.persist('a', 1);
    expect(group.core('a').status().durableIndex).toBe(1);
    group.persist('a', 1);
    expect(group.core('a').status().durableIndex).toBe(1);
    group.persist('a', 1);
    expect(group.core('a').status().durableIndex).toBe(2);
  });
});

describe('reads (thesis 6.4)', () => {
  it('waits until the leader has committed in its own term', () => {
    const group = new Group({ a: { terms: [1] }, b: { terms: [1] }, c: { terms: [1] } });
    group.timeout('a');
    for (let i = 0; i < 4; i += 1) group.deliver(({ message }) => message.kind !== 'append');
    group.read('a', 1);
    group.deliver(({ message }) => message.kind !== 'append');
    group.deliver(({ message }) => message.kind !== 'append');
    expect(group.member('a').reads).toEqual([]);
    group.settle();
    expect(group.member('a').reads).toEqual([1]);
  });

  it('is not served by a leader that finds no majority, and is served by the next', () => {
    const group = new Group(three);
    group.elect('a');
    group.cut('a');
    group.read('a', 7);
    group.settle();
    expect(group.member('a').reads).toEqual([]);
    group.elect('b');
    group.tick('a', 0);
    group.heal();
    for (let i = 0; i < 3; i += 1) {
      group.tick('b', 10);
      group.settle();
    }
    expect(group.core('a').leader).toBe('b');
    expect(group.member('a').reads).toEqual([7]);
  });

  it('is served by a follower once it has applied what the leader had committed', () => {
    const group = new Group(three);
    group.elect('a');
    group.propose('a');
    group.settle();
    group.read('c', 3);
    group.settle();
    expect(group.member('c').reads).toEqual([3]);
    expect(group.member('c').applied).toEqual([1, 2]);
  });

  it('asks the leader again when the answer was lost', () => {
    const group = new Group(three);
    group.elect('a');
    group.read('c', 3);
    group.drop();
    group.tick('c', 30);
    group.settle();
    expect(group.member('c').reads).toEqual([3]);
  });
});

describe('leases (thesis 6.4.1)', () => {
  const leases = { settings: { leaseReads: true, maxClockDrift: 0.1 } };
  const group = (): Group => {
    const started = new Group({ a: leases, b: leases, c: leases });
    started.elect('a');
    started.tick('a', 10);
    started.settle();
    return started;
  };

  it('let a leader that was answered read without asking', () => {
    const leased = group();
    leased.read('a', 1);
    expect(leased.parcels).toEqual([]);
    expect(leased.member('a').reads).toEqual([1]);
  });

  it('end earlier than the followers may vote, by as much as clocks may drift', () => {
    const leased = group();
    leased.cut('b', 'c');
    leased.nowMs += 81;
    leased.read('a', 1);
    expect(leased.member('a').reads).toEqual([1]);
    leased.nowMs += 1;
    leased.read('a', 2);
    expect(leased.member('a').reads).toEqual([1]);
  });

  it('are given up when leadership is handed over', () => {
    const leased = group();
    leased.core('a').step({ kind: 'transfer', to: 'b' });
    leased.tick('a', 0);
    leased.read('a', 1);
    expect(leased.member('a').reads).toEqual([]);
  });

  it('keep a member that restarts from voting for an election timeout', () => {
    const restarted = { hardState: { term: 1, votedFor: undefined } };
    const reborn = new Group({ a: leases, b: { ...leases, ...restarted }, c: leases });
    const ask = { kind: 'vote', term: 2, lastIndex: 0, lastTerm: 0, transfer: false } as const;
    reborn.receive('b', 'a', ask);
    expect(reborn.core('b').term).toBe(1);
    reborn.nowMs += 100;
    reborn.receive('b', 'a', ask);
    expect(reborn.core('b').status().votedFor).toBe('a');
  });
});

it('members of low priority leave elections to the others for as long as there are any', () => {
  const low = { settings: { electionPriority: 0 } };
  const group = new Group({ a: {}, b: low, c: low });
  expect(group.core('a').deadline).toBe(100);
  expect(group.core('b').deadline).toBe(300);
});
