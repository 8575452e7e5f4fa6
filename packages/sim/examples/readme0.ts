import { World } from '@ds/sim';

const world = new World({ seed: 42, network: { loss: 0.3 } });
for (const id of ['a', 'b', 'c']) {
  world.addNode(id, ({ transport }) => {
    const channel = transport.channel('greet', String);
    channel.onMessage((from, text) => console.log(`${world.now} ms: ${id} hears ${from}: ${text}`));
    transport.onPeer(({ peer }) => channel.send(peer, `hello ${peer}`));
  });
}
await world.runFor(60_000);
console.log(world.traceHash()); // the same at every run of seed 42
