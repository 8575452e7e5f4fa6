// A scenario for worker threads: fails at every seed that ends in 7, hangs, dies, or has a result.
import { World } from '@ds/sim';

export async function scenario(seed, schedule) {
  const world = new World({ seed, schedule });
  const node = world.addNode('a', ({ clock, random }) => {
    const counting = { count: 0 };
    const count = () => {
      counting.count += 1;
      if (seed % 10 === 7 && world.takes(`operation ${counting.count}`) && counting.count === 3) {
        throw world.violated('never seven', `seed ${seed}`, 'a');
      }
      clock.setTimer(1 + random(), count);
    };
    clock.setTimer(1, count);
    return counting;
  });
  await world.runFor(20);
  if (seed === 1_001) for (;;);
  if (seed === 1_002) process.exit(3);
  if (seed === 1_003) return () => {};
  return { count: node.handle.count, hash: world.traceHash() };
}
