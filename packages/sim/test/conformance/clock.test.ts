import { type ClockUnderTest, clockConformance } from '@ds/clock/conformance';
import { World } from '@ds/sim';
import { describe, expect, it } from 'vitest';

describe('a simulated clock', () => {
  clockConformance({ describe, it, expect, create: () => clockUnderTest(0) });
});

describe('a simulated clock that runs fast', () => {
  clockConformance({ describe, it, expect, create: () => clockUnderTest(70_001) });
});

describe('a simulated clock that runs slow', () => {
  clockConformance({ describe, it, expect, create: () => clockUnderTest(-300_003) });
});

async function clockUnderTest(partsPerMillion: number): Promise<ClockUnderTest> {
  const errors: unknown[] = [];
  const world = new World({ seed: 1, onNodeError: (error) => errors.push(error.cause) });
  await world.runFor(12.34);
  const node = world.addNode('a', ({ clock }) => ({ clock }));
  node.clock.setDrift(partsPerMillion);
  return {
    clock: node.handle.clock,
    settle: () => world.runFor(1.7),
    catchErrors: () => ({ errors, stop: () => {} }),
  };
}
