/** As mit.test.ts: the tests of persistence, unreliable networks and snapshots. */
import { describe, expect } from 'vitest';
import type { Lab, LabOptions } from './lab.ts';
import { agreeInTheEnd, story } from './story.ts';

/** As {@link story}, and everybody agrees in the end. */
function storyOfAgreement(
  name: string,
  options: LabOptions,
  tell: (lab: Lab) => Promise<void>,
): void {
  story(name, options, async (lab) => {
    await tell(lab);
    await agreeInTheEnd(lab);
  });
}

/** Clients propose all the time, whether they are heard or not; gives what was answered. */
function busy(lab: Lab): { readonly answered: Set<string>; stop(): void } {
  const answered = new Set<string>();
  let stopped = false;
  let number = 0;
  const next = (): void => {
    if (stopped) return;
    const command = `busy ${(number += 1)}`;
    for (const id of lab.ids) {
      if (!lab.isUp(id)) continue;
      if (lab.server(id).node.core.role !== 'leader') continue;
      lab
        .start(id, command)
        .then(() => answered.add(command))
        .catch(() => {});
      break;
    }
    lab.world.after(10, next);
  };
  next();
  return {
    answered,
    stop: () => {
      stopped = true;
    },
  };
}

describe('persistence', () => {
  storyOfAgreement('Persist1', {}, async (lab) => {
    await lab.one('11');
    lab.crash(...lab.ids);
    lab.restart(...lab.ids);
    await lab.one('12');
    for (let i = 13; i < 16; i += 1) {
      const leader = await lab.leader();
      lab.crash(leader);
      await lab.one(`${i}`, 2);
      lab.restart(leader);
      await lab.one(`${i}b`, 3);
    }
  });

  storyOfAgreement('Persist2', { servers: 5 }, async (lab) => {
    for (let i = 0; i < 3; i += 1) {
      await lab.one(`${i}a`);
      const leader = await lab.leader();
      const at = lab.ids.indexOf(leader);
      const after = (by: number): string => lab.ids[(at + by) % 5]!;
      lab.disconnect(after(1), after(2));
      await lab.one(`${i}b`, 3);
      lab.crash(leader, after(3), after(4));
      lab.connect(after(1), after(2));
      lab.restart(after(3));
      await lab.one(`${i}c`, 3);
      lab.restart(leader, after(4));
      lab.connect(...lab.ids);
      await lab.until(() => lab.ids.every((id) => lab.isUp(id)));
    }
  });

  storyOfAgreement('Persist3', {}, async (lab) => {
    await lab.one('101');
    const leader = await lab.leader();
    const [one, other] = lab.ids.filter((id) => id !== leader);
    lab.disconnect(other!);
    await lab.one('102', 2);
    lab.crash(leader, one!);
    lab.connect(other!);
    lab.restart(leader);
    await lab.one('103', 2);
    lab.restart(one!);
    await lab.one('104', 3);
  });

  storyOfAgreement('Figure8', { servers: 5 }, async (lab) => {
    await lab.one('begin', 1);
    for (let i = 0; i < 100; i += 1) {
      for (const id of lab.ids) {
        if (!lab.isUp(id) || lab.server(id).node.core.role !== 'leader') continue;
        void lab.start(id, `${i}`);
        await lab.run(lab.random(10) === 0 ? lab.random(50) / 10 : lab.random(13) / 100);
        lab.crash(id);
      }
      const down = lab.ids.filter((id) => lab.world.node(id).state === 'crashed');
      if (down.length >= 3) lab.restart(down[lab.random(down.length)]!);
      else await lab.run(0.5);
    }
  });
});

describe('an unreliable network', () => {
  storyOfAgreement('UnreliableAgree', { servers: 5, unreliable: true }, async (lab) => {
    for (let i = 0; i < 20; i += 1) {
      const leader = await lab.leader();
      for (let j = 0; j < 4; j += 1) void lab.start(leader, `${i}.${j}`);
      await lab.one(`${i}`, 1);
    }
  });

  storyOfAgreement('Figure8Unreliable', { servers: 5, unreliable: true }, async (lab) => {
    await lab.one('begin', 1);
    for (let i = 0; i < 200; i += 1) {
      const leader = lab.ids.find((id) => lab.server(id).node.core.role === 'leader');
      if (leader !== undefined) {
        void lab.start(leader, `${i}`);
        if (lab.random(3) === 0) lab.disconnect(leader);
      }
      await lab.run(lab.random(10) === 0 ? lab.random(50) / 10 : lab.random(13) / 100);
      if (lab.random(4) === 0) lab.connect(lab.any());
    }
  });

  async function churn(lab: Lab): Promise<void> {
    const clients = busy(lab);
    for (let i = 0; i < 20; i += 1) {
      if (lab.random(10) < 2) lab.disconnect(lab.any());
      if (lab.random(10) < 5) lab.restart(lab.any());
      if (lab.random(10) < 2) lab.crash(lab.any());
      lab.connect(lab.any());
      await lab.run(7);
    }
    clients.stop();
    lab.setUnreliable(false);
    lab.restart(...lab.ids);
    lab.connect(...lab.ids);
    await lab.until(() => lab.ids.every((id) => lab.isUp(id)));
    await lab.one('judge', 5);
    const history = new Set(lab.history(lab.ids[0]!));
    expect(clients.answered.size).toBeGreaterThan(10);
    for (const command of clients.answered) expect(history.has(command)).toBe(true);
  }

  storyOfAgreement('ReliableChurn', { servers: 5 }, churn);
  storyOfAgreement('UnreliableChurn', { servers: 5, unreliable: true }, churn);
});

describe('snapshots', () => {
  const snapshotEvery = 10;

  /** One server misses what is then compacted away, again and again. */
  async function install(lab: Lab, how: 'disconnect' | 'crash'): Promise<void> {
    await lab.one('begin');
    for (let i = 0; i < 8; i += 1) {
      const leader = await lab.leader();
      const victim = i % 3 === 1 ? leader : lab.ids.find((id) => id !== leader)!;
      if (how === 'disconnect') lab.disconnect(victim);
      else lab.crash(victim);
      for (let j = 0; j < snapshotEvery * 2; j += 1) await lab.one(`${i}.${j}`, 2);
      if (how === 'disconnect') lab.connect(victim);
      else lab.restart(victim);
      await lab.one(`${i} together`, 3);
    }
    const bases = lab.ids.map((id) => lab.server(id).node.status().firstIndex);
    expect(Math.min(...bases)).toBeGreaterThan(snapshotEvery);
  }

  storyOfAgreement('SnapshotBasic', { snapshotEvery }, async (lab) => {
    for (let i = 0; i < 50; i += 1) await lab.one(`${i}`);
    for (const id of lab.ids) {
      const { firstIndex, lastIndex } = lab.server(id).node.status();
      expect(lastIndex - firstIndex).toBeLessThan(snapshotEvery * 3);
      expect(lab.history(id).length).toBe(50);
    }
  });

  storyOfAgreement('SnapshotInstall', { snapshotEvery }, (lab) => install(lab, 'disconnect'));
  storyOfAgreement('InstallUnreliable', { snapshotEvery, unreliable: true }, (lab) =>
    install(lab, 'disconnect'),
  );
  storyOfAgreement('InstallCrash', { snapshotEvery }, (lab) => install(lab, 'crash'));
  storyOfAgreement('InstallUnCrash', { snapshotEvery, unreliable: true }, (lab) =>
    install(lab, 'crash'),
  );

  storyOfAgreement('SnapshotAllCrash', { snapshotEvery }, async (lab) => {
    await lab.one('begin');
    for (let i = 0; i < 5; i += 1) {
      for (let j = 0; j < snapshotEvery + lab.random(5); j += 1) await lab.one(`${i}.${j}`);
      const before = lab.history(lab.ids[0]!);
      lab.crash(...lab.ids);
      lab.restart(...lab.ids);
      await lab.until(() => lab.ids.every((id) => lab.isUp(id)));
      await lab.one(`${i} again`);
      expect(lab.history(lab.ids[0]!).slice(0, before.length)).toEqual(before);
    }
  });

  storyOfAgreement('SnapshotInit', { snapshotEvery }, async (lab) => {
    for (let i = 0; i < snapshotEvery + 1; i += 1) await lab.one(`${i}`);
    lab.crash(...lab.ids);
    lab.restart(...lab.ids);
    await lab.until(() => lab.ids.every((id) => lab.isUp(id)));
    // A single entry, so that the snapshot is all there is but for it; and again.
    await lab.one('one');
    lab.crash(...lab.ids);
    lab.restart(...lab.ids);
    await lab.until(() => lab.ids.every((id) => lab.isUp(id)));
    await lab.one('two');
    expect(lab.history(lab.ids[0]!).length).toBe(snapshotEvery + 3);
  });
});
