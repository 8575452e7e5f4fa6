import { ManualClock } from '@ds/clock/memory';
import type { NetworkUnderTest } from '../../src/conformance.ts';
import { MemoryNetwork } from '../../src/memory.ts';
import type { NodeId, Transport } from '../../src/transport.ts';

/** The in-memory network on a manual clock; `wrap` lets a test break one of its transports. */
export function memoryNetworkUnderTest(
  wrap: (transport: Transport) => Transport = (transport) => transport,
): NetworkUnderTest {
  const clock = new ManualClock();
  const handlerErrors: unknown[] = [];
  const network = new MemoryNetwork({
    clock,
    onHandlerError: (error) => handlerErrors.push(error),
  });
  const joined: Transport[] = [];
  return {
    handlerErrors,
    join(id: NodeId) {
      const transport = wrap(network.join(id));
      joined.push(transport);
      return transport;
    },
    settle: () => clock.advance(1),
    cut: (a, b) => network.cut(a, b),
    heal: (a, b) => network.heal(a, b),
    close: async () => {
      for (const transport of joined) await transport.close();
    },
  };
}
