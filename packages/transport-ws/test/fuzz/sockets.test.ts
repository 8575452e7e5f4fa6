/**
 * Hostile frames over real sockets, from a stranger and from a node that holds the key, while two
 * honest nodes talk.
 */
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../src/frame-reader.ts';
import type { RefusalReason, WebSocketTransport } from '../../src/index.ts';
import { nodeCodec } from '../../src/node-codec.ts';
import { CLOSE_CODES, Refusal } from '../../src/refusal.ts';
import { attacker } from '../support/attacker.ts';
import { open, until } from '../support/cluster.ts';
import { HostileFrames } from '../support/hostile-frames.ts';

const FRAMES = 1_500;
const STRANGERS = 700;

function refusals(node: WebSocketTransport): number {
  return Object.values(node.status().refused).reduce((sum, count) => sum + count, 0);
}

/** Two nodes that answer each other without end; `stop` tells how often. */
async function conversation(): Promise<{ victim: WebSocketTransport; stop(): Promise<number> }> {
  const victim = await open('victim', { maxHandshakes: 64 });
  const friend = await open('friend', { peers: { victim: `ws://127.0.0.1:${victim.port}` } });
  let turns = 0;
  let down = 0;
  for (const node of [victim, friend]) {
    node.onPeer(({ kind, peer }) => {
      if (kind === 'down' && peer !== 'attacker') down += 1;
    });
    const channel = node.channel('talk', (plain) => plain as number);
    channel.onMessage((from, turn) => {
      expect(turn).toBe(turns);
      turns += 1;
      channel.send(from, turns);
    });
    if (node === friend) {
      await until(() => [...friend.peers()].includes('victim'), 'the friendship');
      channel.send('victim', 0);
    }
  }
  return {
    victim,
    async stop() {
      const before = turns;
      await until(() => turns > before + 100, 'more conversation');
      expect(down).toBe(0);
      await Promise.all([victim.close(), friend.close()]);
      return turns;
    },
  };
}

/** What the reader makes of a frame, on its own. */
function judged(reader: FrameReader, bytes: Buffer): RefusalReason | undefined {
  try {
    reader.read(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}

describe('a node under attack', { timeout: 120_000 }, () => {
  it(`closes and counts a node with the key for what it deserves, ${FRAMES} times`, async () => {
    const { victim, stop } = await conversation();
    const seed = Math.floor(Math.random() * 2 ** 31);
    const hostile = new HostileFrames(seed);
    for (let sent = 0; sent < FRAMES; ) {
      const node = await attacker(victim.port!);
      expect(await node.authenticate({ peer: 'victim' })).toBe(true);
      const judge = new FrameReader({
        codec: nodeCodec,
        maxMessageBytes: victim.maxMessageBytes,
        deliver: () => true,
      });
      const before = victim.status().refused;
      // A frame that happens to be plain data must close nothing: the next one is tried.
      for (let verdict: RefusalReason | undefined; verdict === undefined; sent += 1) {
        const { bytes } = hostile.next();
        verdict = judged(judge, bytes);
        node.send(bytes);
        if (verdict === undefined) continue;
        expect(await node.closed, `replay with seed ${seed}`).toBe(CLOSE_CODES[verdict]);
        expect(victim.status().refused).toEqual({ ...before, [verdict]: before[verdict] + 1 });
      }
      await until(() => ![...victim.peers()].includes('attacker'), 'the attacker is gone');
    }
    expect(await stop()).toBeGreaterThan(100);
  });

  it(`closes and counts ${STRANGERS} strangers with hostile frames, and reads none`, async () => {
    const { victim, stop } = await conversation();
    const seed = Math.floor(Math.random() * 2 ** 31);
    const hostile = new HostileFrames(seed);
    const { dropped } = victim.status();
    for (let i = 0; i < STRANGERS; i += 1) {
      const before = refusals(victim);
      const stranger = await attacker(victim.port!);
      stranger.send(hostile.next().bytes);
      await stranger.closed;
      expect(refusals(victim), `replay with seed ${seed}`).toBe(before + 1);
    }
    expect(victim.status().dropped).toEqual(dropped);
    expect(await stop()).toBeGreaterThan(100);
  });
});
