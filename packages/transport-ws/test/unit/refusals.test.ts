/** Who is turned away, why, and that nobody else notices. Over real sockets. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { ManualClock } from '@ds/clock/memory';
import { afterEach, describe, expect, it } from 'vitest';
import type {
  RefusalReason,
  WebSocketTransport,
  WebSocketTransportOptions,
} from '../../src/index.ts';
import { attacker } from '../support/attacker.ts';
import { KEY, open as openNode, until } from '../support/cluster.ts';

const opened: WebSocketTransport[] = [];

async function open(self: string, options: Partial<WebSocketTransportOptions> = {}) {
  const node = await openNode(self, options);
  opened.push(node);
  return node;
}

function url(node: WebSocketTransport): string {
  return `ws://127.0.0.1:${node.port}`;
}

/** The reasons counted so far, without those at 0. */
function refused(node: WebSocketTransport): Partial<Record<RefusalReason, number>> {
  const counts = Object.entries(node.status().refused).filter(([, count]) => count > 0);
  return Object.fromEntries(counts);
}

afterEach(async () => {
  for (const node of opened.splice(0)) await node.close();
});

describe('a node refuses', () => {
  it('one that holds another key, and never comes up with it', async () => {
    const a = await open('a');
    const b = await open('b', { peers: { a: url(a) }, key: new Uint8Array(32).fill(8) });
    await until(() => (refused(a)['wrong-key'] ?? 0) > 2);
    expect([...a.peers(), ...b.peers()]).toEqual([]);
    expect(b.status().links.a?.problem).toBe('wrong-key');
    expect(Object.keys(refused(a))).toEqual(['wrong-key']);
  });

  it('to say anything under the key to one that has not proved it', async () => {
    const a = await open('a');
    const node = await attacker(a.port!);
    expect(await node.authenticate({ peer: 'a', key: randomBytes(32) })).toBe(false);
    expect(await node.closed).toBe(4004);
  });

  it('one that dialled the wrong address', async () => {
    const a = await open('a');
    const b = await open('b', { peers: { c: url(a) } });
    await until(() => b.status().links.c?.problem === 'wrong-node');
    expect(refused(a)['wrong-node']).toBeGreaterThan(0);
  });

  it('itself, found under the name of another', async () => {
    const probe = await open('probe');
    const port = probe.port!;
    await probe.close();
    const a = await open('a', { listen: { port }, peers: { b: `ws://127.0.0.1:${port}` } });
    await until(() => (refused(a).self ?? 0) > 0);
    expect([...a.peers()]).toEqual([]);
  });

  it('one it does not accept; by default only those named in peers', async () => {
    const a = await open('a', { accept: (id) => id !== 'b' });
    await open('b', { peers: { a: url(a) } });
    await until(() => (refused(a)['not-accepted'] ?? 0) > 0);
    const closed = await open('closed', { accept: undefined as never, peers: { friend: url(a) } });
    const node = await attacker(closed.port!);
    expect(await node.authenticate({ peer: 'closed', self: 'stranger' })).toBe(false);
    const friend = await attacker(closed.port!);
    expect(await friend.authenticate({ peer: 'closed', self: 'friend' })).toBe(true);
    friend.ws.terminate();
  });

  it('everybody while accept throws, and shows the error', async () => {
    const errors: unknown[] = [];
    const a = await open('a', {
      accept: () => {
        throw new Error('a bug in accept');
      },
      onHandlerError: (error) => errors.push(error),
    });
    const node = await attacker(a.port!);
    expect(await node.authenticate({ peer: 'a' })).toBe(false);
    expect(refused(a)).toEqual({ 'not-accepted': 1 });
    expect(errors).toMatchObject([{ message: 'a bug in accept' }]);
  });

  it('a second living node of the same name, and keeps the first', async () => {
    const a = await open('a');
    const first = await open('b', { peers: { a: url(a) } });
    await until(() => [...first.peers()].length === 1);
    const second = await open('b', { peers: { a: url(a) } });
    await until(() => (refused(a)['duplicate-id'] ?? 0) > 2);
    expect([...first.peers()]).toEqual(['a']);
    expect([...second.peers()]).toEqual([]);
    await first.close();
    await until(() => [...second.peers()].length === 1);
  });

  it('another version, another protocol, and a handshake out of turn', async () => {
    const a = await open('a');
    const frames: [RefusalReason, Buffer][] = [
      ['wrong-version', Buffer.concat([Buffer.from('DSWS\u0002\u0001'), Buffer.alloc(60)])],
      ['bad-hello', Buffer.concat([Buffer.from('HTTP\u0001\u0001'), Buffer.alloc(60)])],
      ['bad-hello', Buffer.from('DSWS\u0001\u0003')],
      ['bad-hello', Buffer.alloc(0)],
      ['bad-hello', Buffer.from('DSWS\u0001\u0001')],
    ];
    for (const [reason, frame] of frames) {
      const before = refused(a)[reason] ?? 0;
      const node = await attacker(a.port!);
      node.send(frame);
      expect(await node.closed).toBeGreaterThanOrEqual(4_000);
      expect(refused(a)[reason]).toBe(before + 1);
    }
  });

  it('to hear more than a kilobyte from a stranger', async () => {
    const a = await open('a');
    const node = await attacker(a.port!);
    node.send(Buffer.alloc(100_000));
    await node.closed;
    expect(refused(a)).toEqual({ 'too-large': 1 });
  });

  it('what is not a WebSocket', async () => {
    const a = await open('a');
    const status = await new Promise((resolve) => {
      request({ port: a.port, host: '127.0.0.1' }, (response) =>
        resolve(response.statusCode),
      ).end();
    });
    expect(status).toBe(426);
    const raw = connect(a.port!, '127.0.0.1');
    raw.on('error', () => {});
    raw.write('this is no HTTP\r\n\r\n');
    await new Promise((resolve) => raw.once('close', resolve));
    expect(refused(a)).toEqual({ 'not-a-websocket': 2 });
  });

  it('strangers who take their time, and more of them than maxHandshakes', async () => {
    const clock = new ManualClock();
    const a = await open('a', { clock, maxHandshakes: 2, handshakeTimeoutMs: 100 });
    const silent = await attacker(a.port!);
    const raw = connect(a.port!, '127.0.0.1');
    await new Promise((resolve) => raw.once('connect', resolve));
    await until(() => clock.pendingTimers === 2);
    const third = connect(a.port!, '127.0.0.1');
    third.on('error', () => {});
    await new Promise((resolve) => third.once('close', resolve));
    expect(refused(a)).toEqual({ 'too-many-handshakes': 1 });
    clock.advance(100);
    expect(await silent.closed).toBe(4010);
    expect(refused(a)).toEqual({ 'too-many-handshakes': 1, 'handshake-timeout': 2 });
    raw.destroy();
    const fourth = await attacker(a.port!);
    expect(await fourth.authenticate({ peer: 'a' })).toBe(true);
    fourth.ws.terminate();
  });

  it('more connections than maxConnections', async () => {
    const a = await open('a', { maxConnections: 1 });
    const first = await attacker(a.port!);
    expect(await first.authenticate({ peer: 'a', self: 'one' })).toBe(true);
    const second = await attacker(a.port!);
    expect(await second.authenticate({ peer: 'a', self: 'two' })).toBe(false);
    expect(refused(a)).toEqual({ 'too-many-connections': 1 });
    first.ws.terminate();
  });

  it('text, even where its bytes would make a frame', async () => {
    const a = await open('a');
    const received: unknown[] = [];
    a.channel('x', (plain) => plain).onMessage((_, message) => received.push(message));
    const node = await attacker(a.port!);
    expect(await node.authenticate({ peer: 'a' })).toBe(true);
    node.send(Buffer.from('a17807', 'hex'));
    node.send('\u0000\u0008');
    await node.closed;
    expect(refused(a)).toEqual({ 'bad-frame': 1 });
    expect(received).toEqual([7]);
  });

  it('frames beyond maxFrameBytes and messages beyond maxMessageBytes', async () => {
    const a = await open('a', { maxMessageBytes: 1_000 });
    for (const length of [10_000, 200_000]) {
      const node = await attacker(a.port!);
      expect(await node.authenticate({ peer: 'a' })).toBe(true);
      const frame = Buffer.concat([Buffer.from('a178c600000000', 'hex'), Buffer.alloc(length)]);
      frame.writeUInt32BE(length, 3);
      node.send(frame);
      await node.closed;
      await until(() => [...a.peers()].length === 0);
    }
    expect(refused(a)).toEqual({ 'too-large': 2 });
  });
});

describe('opening', () => {
  it('rejects when the port is taken or cannot be had', async () => {
    const a = await open('a');
    await expect(open('b', { listen: { port: a.port! } })).rejects.toMatchObject({
      code: 'WS_TRANSPORT_PORT_IN_USE',
    });
    await expect(open('b', { listen: { port: 0, host: '203.0.113.1' } })).rejects.toMatchObject({
      code: 'WS_TRANSPORT_CANNOT_LISTEN',
    });
  });

  it('refuses options without bounds or sense', async () => {
    for (const options of [
      { key: KEY.subarray(0, 15) },
      { maxQueuedBytes: Number.POSITIVE_INFINITY },
      { maxMessageBytes: 0 },
      { maxQueuedBytes: 10 },
      { maxFrameBytes: 100 },
      { heartbeatMs: 1_000, deadAfterMs: 1_500 },
      { peers: { b: 'http://127.0.0.1' } },
      { peers: { b: 'nonsense' } },
      { backoff: { maxMs: Number.POSITIVE_INFINITY } },
    ]) {
      await expect(open('a', options)).rejects.toThrow(RangeError);
    }
    await expect(open('')).rejects.toThrow(RangeError);
  });

  it('rejects with the reason of an abort', async () => {
    await expect(open('a', { signal: AbortSignal.abort('changed my mind') })).rejects.toBe(
      'changed my mind',
    );
  });
});
