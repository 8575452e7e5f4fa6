/** Two nodes in one process: ask, answer, and lose each other. */
import { systemClock } from '@ds/clock';
import { Requests, TransportError } from '@ds/transport';
import { openWebSocketTransport } from '@ds/transport-ws';

const key = crypto.getRandomValues(new Uint8Array(32));
await using server = await openWebSocketTransport({
  self: 'server',
  listen: { port: 0 },
  peers: {},
  key,
  accept: (id) => id.startsWith('client'),
});
await using client = await openWebSocketTransport({
  self: 'client-1',
  peers: { server: `ws://127.0.0.1:${server.port}` },
  key,
});
await new Promise((resolve) => client.onPeer(resolve));

const text = (plain: unknown): string => {
  if (typeof plain !== 'string') throw new TypeError('not a string');
  return plain;
};
const options = { clock: systemClock, name: 'shout', decodeRequest: text, decodeResponse: text };
const answers = new Requests({ transport: server, ...options });
answers.serve((from, question) => `${question.toUpperCase()}, ${from}!`);
const questions = new Requests({ transport: client, ...options });
console.log(await questions.request('server', 'hello', { timeoutMs: 1_000 }));

await server.close();
try {
  await questions.request('server', 'still there?', { timeoutMs: 1_000 });
} catch (error) {
  console.log(error instanceof TransportError ? error.code : error);
}
