/** Two nodes with `@ds/transport-ws` between them, as a cluster would set them up. */
import { once } from 'node:events';
import { systemClock } from '@ds/clock';
import { Requests, type Transport } from '@ds/transport';
import { openWebSocketTransport } from '@ds/transport-ws';
import { ownVersion, runContender } from '../contender.ts';
import { type Ends, measurements, PAYLOAD } from './load.ts';

const key = Uint8Array.from({ length: 32 }, (_, i) => i);
const server = await openWebSocketTransport({
  self: 'server',
  listen: { port: 0 },
  peers: {},
  accept: (id) => id === 'client',
  key,
});
const peers = { server: `ws://127.0.0.1:${server.port}` };
const client = await openWebSocketTransport({ self: 'client', peers, key });
await connected(client);

await runContender(
  {
    name: '@ds/transport-ws',
    version: ownVersion('@ds/transport-ws'),
    configuration: 'defaults: authenticated, heartbeats, every message checked by both sides',
  },
  measurements(ends()),
);
await Promise.all([client.close(), server.close()]);

async function connected(transport: Transport): Promise<void> {
  if ([...transport.peers()].includes('server')) return;
  const arrival = new EventTarget();
  const up = once(arrival, 'up');
  const unsubscribe = transport.onPeer(() => arrival.dispatchEvent(new Event('up')));
  await up;
  unsubscribe();
}

function ends(): Ends {
  const shared = { clock: systemClock, name: 'rpc', decodeRequest: bytes, decodeResponse: bytes };
  const asking = new Requests({ ...shared, transport: client });
  new Requests({ ...shared, transport: server }).serve((_from, request) => request);
  const channel = client.channel('one-way', bytes);
  let received = 0;
  server.channel('one-way', bytes).onMessage(() => {
    received += 1;
  });
  let resume: (() => void) | undefined;
  channel.onDrain(() => resume?.());
  return {
    rpc: async () => {
      await asking.request('server', PAYLOAD, { timeoutMs: 10_000 });
    },
    send: () => {
      const result = channel.send('server', PAYLOAD);
      if (result === 'unreachable') throw new Error('the connection was lost');
      return result === 'queued';
    },
    drained: () =>
      new Promise((resolve) => {
        resume = resolve;
      }),
    received: () => received,
  };
}

function bytes(plain: unknown): Uint8Array {
  if (!(plain instanceof Uint8Array)) throw new TypeError('bytes were expected');
  return plain;
}
