/** The interaction scripts of etcd-io/raft that are about snapshots, in our own terms. */
import { expect, it } from 'vitest';
import { drawSettings } from '../schedules/draw-schedule.ts';
import { ScheduleWorld } from '../schedules/schedule-world.ts';

/** Three members of which `a` leads, with a few entries. */
async function group(joiners: readonly string[] = []): Promise<ScheduleWorld> {
  const { core } = drawSettings(() => 0.99, false);
  const world = new ScheduleWorld(
    { voters: ['a', 'b', 'c'], joiners, slowDisks: [], rates: {}, core },
    {},
  );
  await world.open();
  await world.take({ do: 'wake', node: 'a', random: 0 });
  await settle(world);
  for (let i = 0; i < 4; i += 1) await propose(world);
  await beat(world);
  return world;
}

async function settle(world: ScheduleWorld): Promise<void> {
  for (let links = world.busyLinks(); links.length > 0; links = world.busyLinks()) {
    for (const [from, to] of links) await world.take({ do: 'deliver', from, to });
  }
}

async function beat(world: ScheduleWorld): Promise<void> {
  for (let i = 0; i < 4; i += 1) {
    await world.take({ do: 'wake', node: 'a', random: 0 });
    await settle(world);
  }
}

async function propose(world: ScheduleWorld): Promise<void> {
  await world.take({ do: 'propose', node: 'a' });
  await settle(world);
}

function follower(world: ScheduleWorld, id: string) {
  return world.nodes.get('a')!.core.status().peers[id]!;
}

/** `c` misses entries that the leader then compacts away. */
async function leaveBehind(world: ScheduleWorld): Promise<void> {
  await world.take({ do: 'cut', node: 'c' });
  for (let i = 0; i < 5; i += 1) await propose(world);
  await world.take({ do: 'compact', node: 'a' });
}

it('slow_follower_after_compaction: gets a snapshot and then goes on as before', async () => {
  const world = await group();
  await leaveBehind(world);
  await world.take({ do: 'join', node: 'c' });
  await beat(world);
  expect(follower(world, 'c').state).toBe('replicate');
  await propose(world);
  await beat(world);
  const { core } = world.nodes.get('c')!;
  expect(core.status()).toMatchObject({ snapshotsInstalled: 1, lastIndex: 11, appliedIndex: 11 });
});

it('snapshot_succeed_via_app_resp: a snapshot up to the last entry needs no further one', async () => {
  const world = await group();
  await leaveBehind(world);
  await world.take({ do: 'join', node: 'c' });
  await beat(world);
  const { lastIndex } = world.nodes.get('a')!.core;
  expect(follower(world, 'c')).toMatchObject({ matchIndex: lastIndex, state: 'replicate' });
});

it('snapshot_succeed_via_app_resp_behind: entries committed meanwhile follow the snapshot', async () => {
  const world = await group();
  await leaveBehind(world);
  await world.take({ do: 'join', node: 'c' });
  // The probe goes out, its rejection comes back, and the snapshot is on its way.
  await world.take({ do: 'wake', node: 'a', random: 0 });
  while (follower(world, 'c').state !== 'snapshot') {
    for (const [from, to] of world.busyLinks()) await world.take({ do: 'deliver', from, to });
    if (world.busyLinks().length === 0) await world.take({ do: 'wake', node: 'a', random: 0 });
  }
  await world.take({ do: 'propose', node: 'a' });
  await settle(world);
  await beat(world);
  expect(follower(world, 'c')).toMatchObject({ matchIndex: 11, state: 'replicate' });
});

it('a joiner that needs a snapshot learns from it who takes part', async () => {
  const world = await group(['d']);
  await world.take({ do: 'compact', node: 'a' });
  await world.take({ do: 'change', node: 'a', changes: [{ type: 'learner', id: 'd' }] });
  await beat(world);
  const { core } = world.nodes.get('d')!;
  expect(core.status().snapshotsInstalled).toBe(1);
  expect(core.configuration).toMatchObject({ voters: ['a', 'b', 'c'], learners: ['d'] });
});
