import { World } from '@ds/sim';
import { openDirectory } from '@ds/storage';
import { expect, it } from 'vitest';

it('a directory survives a power cut, also when the process that made it died before', async () => {
  const world = new World({ seed: 1 });
  let opened = 0;
  const node = world.addNode('a', async ({ fileSystem }) => {
    await openDirectory(fileSystem, 'data/raft');
    opened += 1;
    return fileSystem;
  });
  // The process dies at each of its first steps, and its machine's cache survives.
  for (let step = 0; step < 4; step += 1) {
    world.crash('a', { disk: 'process' });
    world.restart('a');
    await world.runFor(step);
  }
  await world.runUntil(() => opened > 0 && node.state === 'running', { withinMs: 1_000 });
  world.crash('a', { disk: 'none' });
  world.restart('a', ({ fileSystem }) => fileSystem);
  expect(world.node<typeof node.handle>('a').handle.list('data')).toEqual(['raft']);
  await world.close();
});
