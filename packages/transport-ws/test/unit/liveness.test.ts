/** Connections that are lost in every way there is, over real sockets. */
import type { PeerEvent } from '@ds/transport';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocketTransport } from '../../src/index.ts';
import { Cluster, open, until } from '../support/cluster.ts';
import { Wire } from '../support/wire.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function watched(node: WebSocketTransport): PeerEvent[] {
  const events: PeerEvent[] = [];
  node.onPeer((event) => events.push(event));
  return events;
}

function kinds(events: readonly PeerEvent[]): string[] {
  return events.map(({ kind }) => kind);
}

async function pair(): Promise<{ a: WebSocketTransport; b: WebSocketTransport; wire: Wire }> {
  const cluster = new Cluster({ heartbeatMs: 20, deadAfterMs: 100 });
  closers.push(() => cluster.close());
  const a = await cluster.join('a');
  const b = await cluster.join('b');
  await until(() => [...a.peers()].length === 1 && [...b.peers()].length === 1, 'the connection');
  return { a, b, wire: cluster.wire('a', 'b') };
}

describe('a connection', () => {
  it('that is reset goes down and comes up again with a larger incarnation', async () => {
    const { a, b, wire } = await pair();
    const [atA, atB] = [watched(a), watched(b)];
    for (let round = 1; round <= 5; round += 1) {
      wire.cut();
      await until(() => atA.length === round * 2 - 1 && atB.length === round * 2 - 1, 'the loss');
      wire.heal();
      await until(() => atA.length === round * 2 && atB.length === round * 2, 'the return');
    }
    for (const events of [atA, atB]) {
      expect(kinds(events)).toEqual(Array(5).fill(['down', 'up']).flat());
      const ups = events.filter(({ kind }) => kind === 'up').map((up) => up.incarnation);
      expect(ups.every((incarnation, i) => i === 0 || incarnation > ups[i - 1]!)).toBe(true);
    }
  });

  it('that falls silent is down after deadAfterMs on both sides, and is replaced', async () => {
    const { a, b, wire } = await pair();
    const [atA, atB] = [watched(a), watched(b)];
    const problems: unknown[] = [];
    for (const [node, other] of [
      [a, 'b'],
      [b, 'a'],
    ] as const) {
      node.onPeer(({ kind }) => {
        if (kind === 'down') problems.push(node.status().links[other]?.problem);
      });
    }
    wire.freeze();
    await until(() => kinds(atA).includes('down') && kinds(atB).includes('down'), 'the verdict');
    expect(problems).toEqual(['silent for 100 ms', 'silent for 100 ms']);
    await until(() => kinds(atA).at(-1) === 'up' && kinds(atB).at(-1) === 'up', 'the return');
  });

  it('between nodes that dial each other is one, on the wire too', async () => {
    const { a, b, wires } = await dialEachOther();
    const onTheWire = (): number => wires.reduce((sum, wire) => sum + wire.connections, 0);
    for (let round = 0; round < 10; round += 1) {
      const connected = (): boolean => [...a.peers()].length === 1 && [...b.peers()].length === 1;
      await until(() => connected() && onTheWire() === 1, 'one connection');
      const received: unknown[] = [];
      const channel = b.channel('c', (plain) => plain);
      channel.onMessage((_, message) => received.push(message));
      const sending = a.channel('c', (plain) => plain);
      for (let i = 0; i < 50; i += 1) {
        expect(sending.send('b', i)).toBe('queued');
        await until(() => received.length === i + 1, 'the message');
      }
      expect(onTheWire()).toBe(1);
      channel.close();
      sending.close();
      for (const wire of wires) wire.cut();
      await until(() => [...a.peers(), ...b.peers()].length === 0, 'the loss');
      for (const wire of wires) wire.heal();
    }
  });

  it('comes back when a node is closed and another of its name starts', async () => {
    const a = await open('a');
    closers.push(() => a.close());
    const events = watched(a);
    for (let life = 1; life <= 3; life += 1) {
      const b = await open('b', { peers: { a: `ws://127.0.0.1:${a.port}` } });
      await until(() => [...b.peers()].length === 1, 'the connection');
      await b.close();
      await until(() => events.length === life * 2, 'the end');
    }
    expect(a.status().links).toEqual({});
    expect(a.status().refused['duplicate-id']).toBe(0);
  });

  it('delivers what was queued before an orderly close', async () => {
    const { a, b } = await pair();
    const received: unknown[] = [];
    a.channel('c', (plain) => plain).onMessage((_, message) => received.push(message));
    const channel = b.channel('c', (plain) => plain);
    for (let i = 0; i < 100; i += 1) channel.send('a', i);
    await b.close();
    await until(() => received.length === 100, 'the last words');
    expect(received).toEqual([...Array(100).keys()]);
  });

  it('may be closed from inside its own events', async () => {
    const { a, b } = await pair();
    let closed: Promise<void> | undefined;
    a.onPeer(() => {
      closed = a.close();
    });
    await b.close();
    await until(() => closed !== undefined, 'the event');
    await closed;
    await a.close();
  });
});

/** Two nodes on ports that each knew before either was open. */
async function dialEachOther() {
  const wires: Wire[] = [];
  const ports = await Promise.all(['a', 'b'].map(freePort));
  for (const port of ports) wires.push(await Wire.open(port));
  closers.push(() => Promise.all(wires.map((wire) => wire.close())));
  const [a, b] = await Promise.all([
    open('a', { listen: { port: ports[0]! }, peers: { b: wires[1]!.url } }),
    open('b', { listen: { port: ports[1]! }, peers: { a: wires[0]!.url } }),
  ]);
  closers.push(() => Promise.all([a.close(), b.close()]));
  return { a, b, wires };
}

async function freePort(self: string): Promise<number> {
  const probe = await open(self);
  const { port } = probe;
  await probe.close();
  return port!;
}
