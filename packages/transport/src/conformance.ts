/**
 * Does a transport keep the rules of the port? Run it on your own:
 * `transportConformance({ describe, it, expect, create })`.
 *
 * Nothing here waits for a fixed time: `settle` is called until what a rule promises has happened,
 * so the same suite judges real sockets and a simulated network. That something does not arrive
 * is judged by what was sent after it and did.
 */
import type { TestRunner } from '@ds/clock/conformance';
import type { TransportError } from './errors.ts';
import { type PlainCase, plainMessages, unplainMessages } from './plain-cases.ts';
import type { Channel, NodeId, PeerEvent, SendResult, Transport } from './transport.ts';

/** The network on which transports are judged. The suite names nodes 'a', 'b' and 'c'. */
export interface NetworkUnderTest {
  /** Starts the node `id`, which gets connected with those that joined before. */
  join(id: NodeId): Transport | Promise<Transport>;
  /** Lets a little time pass: a few ms of real time, or a step of a simulation. */
  settle(): void | Promise<void>;
  /** Takes the connection of two nodes down. */
  cut(a: NodeId, b: NodeId): void | Promise<void>;
  /** Lets two nodes connect again. */
  heal(a: NodeId, b: NodeId): void | Promise<void>;
  /** What handlers have thrown so far. */
  readonly handlerErrors: readonly unknown[];
  /** Closes what is left open. */
  close(): void | Promise<void>;
}

export interface TransportConformance extends TestRunner {
  create(): NetworkUnderTest | Promise<NetworkUnderTest>;
}

const MAX_SETTLES = 4_000;
const FLOOD_BYTES = 256 * 1024 * 1024;

export function transportConformance(options: TransportConformance): void {
  const { describe, it } = options;
  const rule = (title: string, test: (scene: Scene) => Promise<void>): void =>
    it(title, async () => {
      const scene = new Scene(options, await options.create());
      try {
        await test(scene);
      } finally {
        await scene.network.close();
      }
    });
  describe('a transport', () => {
    sendRules(rule, options);
    deliveryRules(rule, options);
    channelRules(rule, options);
    connectionRules(rule, options);
  });
}

type Rule = (title: string, test: (scene: Scene) => Promise<void>) => void;

function sendRules(rule: Rule, { expect }: TransportConformance): void {
  rule('rule 1: plain data of every kind arrives as it was sent', async (scene) => {
    const { a, b } = await scene.pair();
    const received = scene.collect(b.channel('plain', asIs));
    const channel = a.channel('plain', asIs);
    for (const { message } of plainMessages) expect(channel.send('b', message)).toBe('queued');
    await scene.until(() => received.length === plainMessages.length);
    for (const [i, { arrives }] of plainMessages.entries()) {
      expect(sameMessage(received[i]?.message, arrives)).toBe(true);
    }
  });

  rule(
    'rule 1: what is not plain data throws at the sender, and nothing is sent',
    async (scene) => {
      const { a, b } = await scene.pair();
      const received = scene.collect(b.channel('plain', asIs));
      const channel = a.channel('plain', asIs);
      for (const { message } of unplainMessages) {
        expect(codeOf(() => channel.send('b', message))).toBe('TRANSPORT_INVALID_MESSAGE');
        expect(codeOf(() => channel.send('a', message))).toBe('TRANSPORT_INVALID_MESSAGE');
      }
      channel.send('b', 'last');
      await scene.until(() => received.length > 0);
      expect(received).toEqual([{ from: 'a', message: 'last' }]);
    },
  );

  rule('rule 1: a message of maxMessageBytes arrives, one byte more throws', async (scene) => {
    const { a, b } = await scene.pair();
    const received = scene.collect(b.channel('big', asIs));
    const channel = a.channel('big', asIs);
    const headerBytes = a.maxMessageBytes > 0xffff ? 5 : 3;
    const largest = new Uint8Array(a.maxMessageBytes - headerBytes).fill(7);
    const tooLarge = new Uint8Array(largest.length + 1);
    expect(codeOf(() => channel.send('b', tooLarge))).toBe('TRANSPORT_MESSAGE_TOO_LARGE');
    expect(channel.send('b', largest)).toBe('queued');
    await scene.until(() => received.length > 0);
    expect(sameMessage(received[0]?.message, largest)).toBe(true);
  });

  rule('rule 2: an unknown peer is unreachable', async (scene) => {
    const { a } = await scene.pair();
    expect(a.channel('any', asIs).send('nobody', 1)).toBe('unreachable');
  });

  rule(
    'rule 2: a flood saturates, nothing refused arrives, and room is announced',
    async (scene) => {
      const { a, b } = await scene.pair();
      const received = scene.collect(
        b.channel('flood', (plain) => (plain as [number, unknown])[0]),
      );
      const channel = a.channel('flood', asIs);
      const drained: NodeId[] = [];
      channel.onDrain((peer) => drained.push(peer));
      const body = new Uint8Array(Math.min(60_000, a.maxMessageBytes - 16));
      const accepted: number[] = [];
      let result: SendResult = 'queued';
      for (let i = 0; result === 'queued' && i * body.length < FLOOD_BYTES; i += 1) {
        result = channel.send('b', [i, body]);
        if (result === 'queued') accepted.push(i);
      }
      expect(result).toBe('saturated');
      await scene.until(() => drained.length > 0 && received.length === accepted.length);
      expect(drained[0]).toBe('b');
      expect(channel.send('b', [-1, body])).toBe('queued');
      await scene.until(() => received.length === accepted.length + 1);
      expect(received.map(({ message }) => message)).toEqual([...accepted, -1]);
    },
  );

  rule('rule 2: room that comes with a new connection is announced too', async (scene) => {
    const { a, b } = await scene.pair();
    const channel = a.channel('flood', asIs);
    const drained: NodeId[] = [];
    const body = new Uint8Array(Math.min(60_000, a.maxMessageBytes - 16));
    let up = false;
    a.onPeer(({ kind }) => {
      up = kind === 'up';
    });
    let result: SendResult = 'queued';
    for (let sent = 0; result === 'queued' && sent < FLOOD_BYTES; sent += body.length) {
      result = channel.send('b', body);
    }
    expect(result).toBe('saturated');
    channel.onDrain((peer) => drained.push(peer));
    await scene.network.cut('a', 'b');
    await scene.until(() => [...a.peers()].length === 0 && [...b.peers()].length === 0);
    await scene.network.heal('a', 'b');
    await scene.until(() => up && drained.length > 0);
    expect(drained.every((peer) => peer === 'b')).toBe(true);
    expect(channel.send('b', body)).toBe('queued');
  });

  rule('rule 3: what is sent is copied when send returns', async (scene) => {
    const { a, b } = await scene.pair();
    for (const to of ['a', 'b'] as const) {
      const receiver = to === 'a' ? a : b;
      const sent = { list: [1, 2], bytes: Uint8Array.of(1, 2) };
      const channel = a.channel(`copy to ${to}`, asIs);
      const received = scene.collect(
        to === 'a' ? channel : receiver.channel(`copy to ${to}`, asIs),
      );
      channel.send(to, sent);
      sent.list.push(3);
      sent.bytes[0] = 9;
      await scene.until(() => received.length > 0);
      expect(sameMessage(received[0]?.message, { list: [1, 2], bytes: Uint8Array.of(1, 2) })).toBe(
        true,
      );
    }
  });
}

function deliveryRules(rule: Rule, { expect }: TransportConformance): void {
  rule('rule 4: delivery is never re-entrant, also not to oneself', async (scene) => {
    const { a, b } = await scene.pair();
    for (const to of ['a', 'b'] as const) {
      let sending = false;
      let reentered = false;
      let received = 0;
      const channel = a.channel(`re-entrant ${to}`, asIs);
      const receiving = to === 'a' ? channel : b.channel(`re-entrant ${to}`, asIs);
      receiving.onMessage(() => {
        reentered ||= sending;
        received += 1;
        if (received < 3) {
          sending = true;
          a.self === to && channel.send(to, received);
          sending = false;
        }
      });
      sending = true;
      channel.send(to, 0);
      sending = false;
      await scene.until(() => received === (to === 'a' ? 3 : 1));
      expect(reentered).toBe(false);
    }
  });

  rule('rule 5: messages arrive once and in order', async (scene) => {
    const { a, b } = await scene.pair();
    const received = scene.collect(b.channel('order', asIs));
    const channel = a.channel('order', asIs);
    const sent: number[] = [];
    for (let i = 0; i < 2_000; i += 1) {
      if (i % 100 === 0) await scene.network.settle();
      expect(channel.send('b', i)).toBe('queued');
      sent.push(i);
    }
    await scene.until(() => received.length >= sent.length);
    expect(received.map(({ message }) => message)).toEqual(sent);
    expect(received.every(({ from }) => from === 'a')).toBe(true);
  });

  rule(
    'rule 10: a handler that throws stops neither other handlers nor later messages',
    async (scene) => {
      const { a, b } = await scene.pair();
      const receiving = b.channel('throws', asIs);
      receiving.onMessage(() => {
        throw new Error('thrown by a handler');
      });
      const received = scene.collect(receiving);
      const channel = a.channel('throws', asIs);
      channel.send('b', 1);
      channel.send('b', 2);
      await scene.until(() => received.length === 2);
      await scene.until(() => scene.network.handlerErrors.length === 2);
    },
  );
}

function channelRules(rule: Rule, { expect }: TransportConformance): void {
  rule(
    'rule 6: only what decode returns is delivered, what it rejects is counted',
    async (scene) => {
      const { a, b } = await scene.pair();
      const receiving = b.channel('numbers', (plain) => {
        if (typeof plain !== 'number') throw new TypeError('not a number');
        return plain * 2;
      });
      const received = scene.collect(receiving);
      const channel = a.channel('numbers', asIs);
      for (const message of [1, 'x', null, 2]) channel.send('b', message);
      await scene.until(() => received.length === 2);
      expect(received.map(({ message }) => message)).toEqual([2, 4]);
      expect(b.status().dropped.rejected).toBe(2);
      expect(b.status().delivered).toBe(2);
      expect(b.status().lastRejection?.from).toBe('a');
      expect(b.status().lastRejection?.channel).toBe('numbers');
      expect(a.status().sent).toBe(4);
    },
  );

  rule('rule 7: channels are apart, and a message for a closed one is counted', async (scene) => {
    const { a, b } = await scene.pair();
    const one = scene.collect(b.channel('one', asIs));
    const closing = b.channel('two', asIs);
    const two = scene.collect(closing);
    expect(codeOf(() => b.channel('one', asIs))).toBe('TRANSPORT_CHANNEL_IN_USE');
    const [toOne, toTwo] = [a.channel('one', asIs), a.channel('two', asIs)];
    toTwo.send('b', 'two');
    await scene.until(() => two.length === 1);
    closing.close();
    closing.close();
    toTwo.send('b', 'lost');
    toOne.send('b', 'one');
    await scene.until(() => one.length === 1);
    expect(two.length).toBe(1);
    expect(b.status().dropped.noChannel).toBe(1);
    expect(codeOf(() => closing.send('a', 1))).toBe('TRANSPORT_CLOSED');
    const reopened = scene.collect(b.channel('two', asIs));
    toTwo.send('b', 'again');
    await scene.until(() => reopened.length === 1);
  });

  rule('rule 7: an unsubscribed handler is not called', async (scene) => {
    const { a, b } = await scene.pair();
    const receiving = b.channel('unsubscribe', asIs);
    const stopped: unknown[] = [];
    const unsubscribe = receiving.onMessage((_, message) => stopped.push(message));
    const received = scene.collect(receiving);
    const channel = a.channel('unsubscribe', asIs);
    channel.send('b', 1);
    await scene.until(() => received.length === 1);
    unsubscribe();
    unsubscribe();
    channel.send('b', 2);
    await scene.until(() => received.length === 2);
    expect(stopped).toEqual([1]);
  });
}

function connectionRules(rule: Rule, { expect }: TransportConformance): void {
  rule('rule 8: a lost and renewed connection is told with a larger incarnation', async (scene) => {
    const { a, b } = await scene.pair();
    const events: PeerEvent[] = [];
    a.onPeer((event) => events.push(event));
    expect([...a.peers()]).toEqual(['b']);
    expect([...b.peers()]).toEqual(['a']);
    const channel = a.channel('cut', asIs);
    await scene.network.cut('a', 'b');
    await scene.until(() => events.length === 1 && [...b.peers()].length === 0);
    expect(events[0]?.kind).toBe('down');
    expect([...a.peers()]).toEqual([]);
    expect(channel.send('b', 1)).toBe('unreachable');
    await scene.network.heal('a', 'b');
    await scene.until(() => events.length === 2 && [...b.peers()].length === 1);
    expect(events[1]?.kind).toBe('up');
    expect(events[1]?.peer).toBe('b');
    expect(events[1]!.incarnation > events[0]!.incarnation).toBe(true);
    const received = scene.collect(b.channel('cut', asIs));
    expect(channel.send('b', 2)).toBe('queued');
    await scene.until(() => received.length === 1);
    expect(received[0]?.message).toBe(2);
  });

  rule(
    'rule 9: close tells the peers, is idempotent, and ends delivery and sending',
    async (scene) => {
      const { a, b } = await scene.pair();
      const c = await scene.network.join('c');
      await scene.until(() => [...a.peers()].length === 2 && [...c.peers()].length === 2);
      const received = scene.collect(b.channel('close', asIs));
      const [fromA, fromB] = [a.channel('close', asIs), b.channel('to a', asIs)];
      const late = scene.collect(a.channel('to a', asIs));
      const down: NodeId[] = [];
      b.onPeer(({ kind, peer }) => kind === 'down' && down.push(peer));
      fromB.send('a', 'too late');
      await Promise.all([a.close(), a.close()]);
      await a.close();
      await scene.until(() => down.length === 1);
      expect(down).toEqual(['a']);
      expect(codeOf(() => fromA.send('b', 1))).toBe('TRANSPORT_CLOSED');
      expect(codeOf(() => fromA.send('nobody', 1))).toBe('TRANSPORT_CLOSED');
      expect(codeOf(() => a.channel('new', asIs))).toBe('TRANSPORT_CLOSED');
      expect(fromB.send('a', 1)).toBe('unreachable');
      const seen = late.length;
      c.channel('close', asIs).send('b', 'still here');
      await scene.until(() => received.some(({ message }) => message === 'still here'));
      expect(late.length).toBe(seen);
      expect([...a.peers()]).toEqual([]);
    },
  );
}

interface Received {
  readonly from: NodeId;
  readonly message: unknown;
}

/** One test's network. */
class Scene {
  readonly network: NetworkUnderTest;
  readonly #expect: TransportConformance['expect'];

  constructor({ expect }: TransportConformance, network: NetworkUnderTest) {
    this.#expect = expect;
    this.network = network;
  }

  async pair(): Promise<{ a: Transport; b: Transport }> {
    const a = await this.network.join('a');
    const b = await this.network.join('b');
    await this.until(() => [...a.peers()].includes('b') && [...b.peers()].includes('a'));
    return { a, b };
  }

  collect(channel: Channel<unknown>): Received[] {
    const received: Received[] = [];
    channel.onMessage((from, message) => received.push({ from, message }));
    return received;
  }

  async until(holds: () => boolean): Promise<void> {
    for (let i = 0; i < MAX_SETTLES && !holds(); i += 1) await this.network.settle();
    this.#expect(holds()).toBe(true);
  }
}

function asIs(plain: unknown): unknown {
  return plain;
}

function codeOf(action: () => unknown): string {
  try {
    return `no error, but ${String(action())}`;
  } catch (error) {
    // By name, so that a package loaded twice (ESM and CommonJS) is judged alike.
    return (error as Error).name === 'TransportError'
      ? (error as TransportError).code
      : String(error);
  }
}

/** Deep equality that tells -0 from 0, and demands plain `Uint8Array`s rather than subclasses. */
export function sameMessage(a: unknown, b: PlainCase['arrives']): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Object.is(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const [keysOfA, keysOfB] = [Object.keys(a), Object.keys(b)];
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return sameBytes(a, b);
  }
  return (
    keysOfA.length === keysOfB.length &&
    (!Array.isArray(a) || a.length === (b as unknown[]).length) &&
    keysOfA.every(
      (key) =>
        Object.hasOwn(b, key) &&
        sameMessage((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
