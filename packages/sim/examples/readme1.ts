import { checkLinearizability, explore, History, registerModel, World } from '@ds/sim';
import type { RegisterInput, RegisterOutput } from '@ds/sim';

async function scenario(seed: number): Promise<void> {
  const world = new World({ seed });
  const history = new History<RegisterInput, RegisterOutput>();
  for (const id of ['a', 'b']) {
    world.addNode(id, ({ transport, clock, random }) => {
      let value: unknown = null;
      const channel = transport.channel('copy', (plain) => plain);
      channel.onMessage((_from, copied) => {
        value = copied;
      });
      const step = (): void => {
        if (random() < 0.5) {
          history.call({ kind: 'read' }, id).returned({ value });
        } else {
          value = Math.floor(random() * 1_000_000);
          const call = history.call({ kind: 'write', value }, id);
          for (const peer of transport.peers()) channel.send(peer, value);
          call.returned({}); // too early: the peers have not answered
        }
        clock.setTimer(random() * 10, step);
      };
      step();
    });
  }
  await world.runFor(200);
  await world.close();
  const { verdict, violation } = checkLinearizability(registerModel(), history.operations);
  if (verdict !== 'linearizable') throw new Error(violation?.message);
}

await explore({ scenario, seeds: 1_000 }).catch((error: Error) => console.log(error.message));
