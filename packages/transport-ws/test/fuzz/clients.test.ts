/** Hostile frames at the door for clients, from strangers and from those with a token. */
import { describe, expect, it } from 'vitest';
import {
  MAX_TOKEN_BYTES,
  readChallenge,
  readHello,
  readToken,
  readWelcome,
} from '../../src/client-handshake.ts';
import { FrameReader } from '../../src/frame-reader.ts';
import { type ClientDoor, openClientDoor } from '../../src/index.ts';
import { nodeCodec } from '../../src/node-codec.ts';
import { CLOSE_CODES, Refusal, type RefusalReason } from '../../src/refusal.ts';
import { attacker } from '../support/attacker.ts';
import { openClient, openDoor } from '../support/clients.ts';
import { until } from '../support/cluster.ts';
import { HostileFrames } from '../support/hostile-frames.ts';
import { HostileHandshakes } from '../support/hostile-handshakes.ts';
import { Uninvited } from '../support/uninvited.ts';

const HANDSHAKES = 20_000;
const STRANGERS = 400;
const FRAMES = 400;

function refusals(door: ClientDoor): number {
  return Object.values(door.status().refused).reduce((sum, count) => sum + count, 0);
}

/** An honest client talks with the door without end; `stop` tells how often. */
function conversation(door: ClientDoor): { stop(): Promise<number> } {
  const friend = openClient('friend', { door: `ws://127.0.0.1:${door.port}` });
  let [turns, down] = [0, 0];
  for (const node of [door, friend]) {
    node.onPeer(({ kind, peer }) => {
      if (kind === 'down' && peer !== 'mallory') down += 1;
    });
    const channel = node.channel('talk', (plain) => plain as number);
    channel.onMessage((from, turn) => {
      expect(turn).toBe(turns);
      turns += 1;
      channel.send(from, turns);
    });
    if (node !== friend) continue;
    friend.onPeer(({ kind }) => kind === 'up' && channel.send('door', 0));
  }
  return {
    async stop() {
      const before = turns;
      await until(() => turns > before + 100, 'more conversation');
      expect(down).toBe(0);
      await Promise.all([friend.close(), door.close()]);
      return turns;
    },
  };
}

describe('the handshake of clients', { timeout: 120_000 }, () => {
  it(`reads each of ${HANDSHAKES} hostile frames within its limits, or refuses it`, () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const hostile = new HostileHandshakes(seed);
    let [taken, refused] = [0, 0];
    for (let i = 0; i < HANDSHAKES; i += 1) {
      const frame = hostile.next();
      for (const read of [
        () => expect(Buffer.byteLength(readHello(frame).name)).toBeLessThanOrEqual(128),
        () => expect(Buffer.byteLength(readToken(frame))).toBeLessThanOrEqual(MAX_TOKEN_BYTES),
        () => readChallenge(frame, 'door'),
        () => readWelcome(frame),
      ]) {
        try {
          read();
          taken += 1;
        } catch (error) {
          if (!(error instanceof Refusal)) throw new Error(`seed ${seed}`, { cause: error });
          refused += 1;
        }
      }
    }
    // No frame is of two kinds.
    expect(taken).toBeLessThanOrEqual(HANDSHAKES);
    expect(taken).toBeGreaterThan(HANDSHAKES / 10);
    expect(refused).toBeGreaterThan(HANDSHAKES * 3);
  });
});

describe('a door under attack', { timeout: 120_000 }, () => {
  it(`lets none of ${STRANGERS} strangers in, counts them, and reads none`, async () => {
    const asked: string[] = [];
    const door = await openClientDoor({
      self: 'door',
      listen: { port: 0 },
      authenticate: (token) => {
        asked.push(token);
        return token === 'token of friend' ? { id: 'friend' } : undefined;
      },
    });
    const { stop } = conversation(door);
    await until(() => [...door.peers()].length === 1);
    const seed = Math.floor(Math.random() * 2 ** 31);
    const hostile = new HostileHandshakes(seed);
    for (let i = 0; i < STRANGERS; i += 1) {
      const before = refusals(door);
      const stranger = await attacker(door.port);
      // Until it is closed: two frames are all that an honest one would send.
      let open = true;
      void stranger.closed.then(() => (open = false));
      for (let sent = 0; open && sent < 3; sent += 1) stranger.send(hostile.next());
      await stranger.closed;
      expect(refusals(door), `replay with seed ${seed}`).toBe(before + 1);
    }
    expect([...door.peers()]).toEqual(['friend']);
    expect(door.status().dropped).toEqual({ rejected: 0, noChannel: 0 });
    expect(await stop()).toBeGreaterThan(100);
  });

  it(`closes and counts a client with a token for what it deserves, ${FRAMES} times`, async () => {
    const door = await openDoor('door');
    const { stop } = conversation(door);
    const seed = Math.floor(Math.random() * 2 ** 31);
    const hostile = new HostileFrames(seed);
    for (let sent = 0; sent < FRAMES; ) {
      const mallory = await Uninvited.connect(door.port);
      expect(await mallory.enter()).toBe(true);
      const judge = new FrameReader({
        codec: nodeCodec,
        maxMessageBytes: door.maxMessageBytes,
        deliver: () => true,
      });
      const before = door.status().refused;
      // A frame that happens to be plain data must close nothing: the next one is tried.
      for (let verdict: RefusalReason | undefined; verdict === undefined; sent += 1) {
        const { bytes } = hostile.next();
        verdict = judged(judge, bytes);
        mallory.send(bytes);
        if (verdict === undefined) continue;
        expect(await mallory.closed, `replay with seed ${seed}`).toBe(CLOSE_CODES[verdict]);
        expect(door.status().refused).toEqual({ ...before, [verdict]: before[verdict] + 1 });
      }
      await until(() => ![...door.peers()].includes('mallory'), 'the attacker is gone');
    }
    expect(await stop()).toBeGreaterThan(100);
  });
});

/** What the reader makes of a frame, on its own. */
function judged(reader: FrameReader, bytes: Uint8Array): RefusalReason | undefined {
  try {
    reader.read(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}
