/** The tests of the Raft lab of MIT 6.5840, by their names, as simulations. */
import { describe, expect } from 'vitest';
import { agreeInTheEnd, story } from './story.ts';

describe('elections', () => {
  story('InitialElection', {}, async (lab) => {
    const leader = await lab.leader();
    await lab.run(1);
    const [term, ...others] = lab.terms();
    for (const other of others) expect(other).toBe(term);
    await lab.run(20);
    expect(await lab.leader()).toBe(leader);
    expect(lab.terms()[0]).toBe(term);
  });

  story('ReElection', {}, async (lab) => {
    const first = await lab.leader();
    lab.disconnect(first);
    const second = await lab.leader();
    expect(second).not.toBe(first);
    lab.connect(first);
    await lab.run(10);
    expect(await lab.leader()).toBe(second);
    const other = lab.ids.find((id) => id !== second)!;
    lab.disconnect(second, other);
    await lab.run(20);
    expect(lab.hasLeader()).toBe(false);
    lab.connect(other);
    await lab.leader();
    lab.connect(second);
    await lab.run(5);
    await lab.leader();
  });

  story('ManyElections', { servers: 7 }, async (lab) => {
    await lab.leader();
    for (let i = 0; i < 10; i += 1) {
      const out = [lab.any(), lab.any(), lab.any()];
      lab.disconnect(...out);
      await lab.leader();
      lab.connect(...out);
    }
    await lab.leader();
  });
});

describe('agreement', () => {
  story('BasicAgree', {}, async (lab) => {
    for (const command of ['1', '2', '3']) await lab.one(command);
    for (const id of lab.ids) expect(lab.history(id)).toEqual(['1', '2', '3']);
  });

  story('RPCBytes', {}, async (lab) => {
    await lab.one('begin');
    const before = lab.sent.bytes;
    for (let i = 0; i < 10; i += 1) await lab.one(new Uint8Array(5_000).fill(97));
    // Each command goes to each of the two followers once.
    expect(lab.sent.bytes - before).toBeLessThan(2 * 10 * 5_000 + 50_000);
  });

  story('FollowerFailure', {}, async (lab) => {
    await lab.one('1');
    const leader = await lab.leader();
    const [one, other] = lab.ids.filter((id) => id !== leader);
    lab.disconnect(one!);
    await lab.one('2', 2);
    lab.disconnect(other!);
    const { commitIndex } = lab.server(leader).node.core;
    void lab.start(leader, '3');
    await lab.run(10);
    expect(lab.countApplied(commitIndex + 1)).toBe(0);
  });

  story('LeaderFailure', {}, async (lab) => {
    await lab.one('1');
    lab.disconnect(await lab.leader());
    await lab.one('2', 2);
    const second = await lab.leader();
    const { commitIndex } = lab.server(second).node.core;
    lab.disconnect(second);
    for (const id of lab.ids) void lab.start(id, '3');
    await lab.run(20);
    expect(lab.countApplied(commitIndex + 1)).toBe(0);
  });

  story('FailAgree', {}, async (lab) => {
    await lab.one('1');
    const leader = await lab.leader();
    const follower = lab.ids.find((id) => id !== leader)!;
    lab.disconnect(follower);
    for (const command of ['2', '3', '4']) await lab.one(command, 2);
    lab.connect(follower);
    await lab.one('5', 3);
    expect(lab.history(follower)).toEqual(['1', '2', '3', '4', '5']);
  });

  story('FailNoAgree', { servers: 5 }, async (lab) => {
    await lab.one('1');
    const leader = await lab.leader();
    const others = lab.ids.filter((id) => id !== leader);
    lab.disconnect(...others.slice(0, 3));
    const { commitIndex } = lab.server(leader).node.core;
    void lab.start(leader, '2');
    await lab.run(10);
    expect(lab.countApplied(commitIndex + 1)).toBe(0);
    lab.connect(...lab.ids);
    await agreeInTheEnd(lab);
  });

  story('ConcurrentStarts', {}, async (lab) => {
    const leader = await lab.leader();
    const commands = ['1', '2', '3', '4', '5'];
    const all = Promise.all(commands.map((command) => lab.start(leader, command)));
    let done = false;
    void all.then(() => (done = true));
    await lab.until(() => done);
    expect(lab.history(leader)).toEqual(commands);
  });

  story('Rejoin', {}, async (lab) => {
    await lab.one('101');
    const first = await lab.leader();
    lab.disconnect(first);
    for (const command of ['102', '103', '104']) void lab.start(first, command);
    await lab.one('103', 2);
    const second = await lab.leader();
    lab.disconnect(second);
    lab.connect(first);
    await lab.one('104', 2);
    lab.connect(second);
    await lab.one('105', 3);
    expect(lab.history(first)).toEqual(['101', '103', '104', '105']);
  });

  story('Backup', { servers: 5 }, async (lab) => {
    await lab.one('0');
    for (let round = 0; round < 2; round += 1) {
      const leader = await lab.leader();
      const others = lab.ids.filter((id) => id !== leader);
      lab.disconnect(...others.slice(1));
      for (let i = 0; i < 50; i += 1) void lab.start(leader, `lost ${round}.${i}`);
      await lab.run(5);
      lab.disconnect(leader, others[0]!);
      lab.connect(...others.slice(1));
      for (let i = 0; i < 10; i += 1) await lab.one(`kept ${round}.${i}`, 3);
      lab.connect(...lab.ids);
      await lab.one(`together ${round}`, 5);
    }
    const history = lab.history(lab.ids[0]!);
    expect(history.filter((command) => command.startsWith('kept')).length).toBe(20);
    expect(history.some((command) => command.startsWith('lost'))).toBe(false);
  });

  story('Count', {}, async (lab) => {
    await lab.leader();
    await lab.run(1);
    const idle = lab.sent.messages;
    await lab.run(10);
    // Ten timeouts of five heartbeats each, to two followers and back.
    expect(lab.sent.messages - idle).toBeLessThan(10 * 5 * 4 * 1.5);
    const leader = await lab.leader();
    const busy = lab.sent.messages;
    let done = false;
    void Promise.all(['1', '2', '3', '4', '5'].map((c) => lab.start(leader, c))).then(() => {
      done = true;
    });
    await lab.until(() => done);
    expect(lab.sent.messages - busy).toBeLessThan(30);
  });
});
