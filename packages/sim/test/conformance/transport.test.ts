import { World } from '@ds/sim';
import { type NetworkUnderTest, transportConformance } from '@ds/transport/conformance';
import { describe, expect, it } from 'vitest';

transportConformance({ describe, it, expect, create: networkUnderTest });

function networkUnderTest(): NetworkUnderTest {
  const handlerErrors: unknown[] = [];
  const world = new World({ seed: 7, onNodeError: (error) => handlerErrors.push(error.cause) });
  return {
    handlerErrors,
    join: (id) => world.addNode(id, ({ transport }) => ({ transport })).handle.transport,
    settle: () => world.runFor(2),
    cut(a, b) {
      world.block(a, b);
      world.block(b, a);
    },
    heal(a, b) {
      world.unblock(a, b);
      world.unblock(b, a);
    },
    close: () => world.close(),
  };
}
