/** Two copies of one register. A write is acknowledged before the other copy has it. */

import type { RegisterInput, RegisterOutput, Schedule } from '@ds/sim';
import { checkLinearizability, History, registerModel, World } from '@ds/sim';

export function scenario(seed: number, schedule?: Schedule<World>): void {
  const world = new World({ seed, schedule });
  const history = new History<RegisterInput, RegisterOutput>();
  for (const id of ['a', 'b']) {
    world.addNode(id, ({ transport, clock, random }) => {
      let value: unknown = 0;
      const channel = transport.channel('copy', (plain) => plain);
      channel.onMessage((_from, copied) => {
        value = copied;
      });
      const step = (n: number): void => {
        if (world.takes(`operation ${id} ${n}`)) {
          if (random() < 0.5) {
            history.call({ kind: 'read' }, id).returned({ value });
            world.record('read', value, id);
          } else {
            value = id === 'a' ? n : -n;
            world.record('write', value, id);
            const call = history.call({ kind: 'write', value }, id);
            for (const peer of transport.peers()) channel.send(peer, value);
            call.returned({}); // too early: the peer has not answered
          }
        } else random(); // as many draws as ever, so that a smaller run stays the same run
        clock.setTimer(10, () => step(n + 1));
      };
      clock.setTimer(10 * random(), () => step(1));
    });
  }
  world.always('linearizable', () => {
    return checkLinearizability(registerModel(0), history.operations).violation?.message;
  });
  world.runForSync(200);
}
