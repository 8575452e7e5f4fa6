/** A client that is a program: the same as a page, on Node's sockets. */
import { afterEach, expect, it } from 'vitest';
import { openClientTransport } from '../../src/index.ts';
import { openDoor, tokenOf } from '../support/clients.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

it('messages go both ways, and the node knows whose they are', async () => {
  const door = await openDoor('a');
  const nodes = { a: `ws://127.0.0.1:${door.port}` };
  const client = openClientTransport({ self: 'alice/1', nodes, token: tokenOf('alice') });
  closers.push(
    () => client.close(),
    () => door.close(),
  );
  const text = (plain: unknown): string => String(plain);
  const doorChannel = door.channel('chat', text);
  doorChannel.onMessage((from, message) => {
    doorChannel.send(from, `${door.identityOf(from)} said ${message}`);
  });
  const chat = client.channel('chat', text);
  const answer = new Promise((resolve) => chat.onMessage((_from, message) => resolve(message)));
  client.onPeer(({ kind, peer }) => {
    if (kind === 'up') chat.send(peer, 'hello');
  });
  expect(await answer).toBe('alice said hello');
});

it('a token that is nobody’s is refused, and the client says so', async () => {
  const door = await openDoor('a');
  const nodes = { a: `ws://127.0.0.1:${door.port}` };
  const refused = new Promise<void>((resolve) => {
    const client = openClientTransport({
      self: 'mallory',
      nodes,
      token: 'stolen',
      backoff: { initialMs: 1, maxMs: 5 },
    });
    closers.push(
      () => client.close(),
      () => door.close(),
    );
    const look = (): void => {
      if (client.status().links.a?.problem === 'wrong-token') resolve();
      else setImmediate(look);
    };
    look();
  });
  await refused;
  expect(door.status().refused['wrong-token']).toBeGreaterThan(0);
  expect([...door.peers()]).toEqual([]);
});
