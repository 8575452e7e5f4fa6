/** The handshake admits those who hold the key, whatever the others replay or reflect. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Authenticated,
  DialerHandshake,
  ListenerHandshake,
  MAX_HANDSHAKE_FRAME_BYTES,
  NO_SESSION,
} from '../../src/handshake.ts';
import { Refusal } from '../../src/refusal.ts';

const KEY = Buffer.alloc(32, 1);
let drawn = 0;
const fresh = (length: number): Buffer => Buffer.alloc(length, `fresh ${(drawn += 1)} `);

function dialer({ self = 'a', peer = 'b', key = KEY } = {}): DialerHandshake {
  return new DialerHandshake({ self, peer, key, instance: fresh(16), nonce: fresh(32) });
}

type ListenerClass = new (
  ...args: ConstructorParameters<typeof ListenerHandshake>
) => ListenerHandshake;

function listener(Listener: ListenerClass = ListenerHandshake): ListenerHandshake {
  return new Listener({ self: 'b', key: KEY, instance: fresh(16), nonce: fresh(32) });
}

/** Believes every proof. */
class Credulous extends ListenerHandshake {
  #hello: Buffer = Buffer.alloc(0);
  override greeted(bytes: Buffer): Buffer {
    this.#hello = bytes;
    return super.greeted(bytes);
  }
  override proved(bytes: Buffer): Authenticated {
    try {
      return super.proved(bytes);
    } catch {
      const peer = this.#hello.toString('utf8', 55, 56);
      return { peer, peerInstance: '', session: '', lostSession: '', accept: Buffer.alloc(0) };
    }
  }
}

/** Challenges everybody with the same nonce. */
class Predictable extends ListenerHandshake {
  constructor(options: ConstructorParameters<typeof ListenerHandshake>[0]) {
    super({ ...options, nonce: Buffer.alloc(32, 9), instance: Buffer.alloc(16, 9) });
  }
}

/** Each tries to get in without the key, after having overheard one honest handshake. */
const attacks: Record<string, (victim: ListenerHandshake, overheard: Buffer[]) => unknown> = {
  'guessing the key': (victim) => {
    const attacker = dialer({ key: Buffer.alloc(32, 2) });
    return victim.proved(attacker.challenged(victim.greeted(attacker.hello()), NO_SESSION));
  },
  'replaying what was overheard': (victim, [hello, proof]) => {
    victim.greeted(hello!);
    return victim.proved(proof!);
  },
  'a proof made for another name': (victim) => {
    const node = dialer({ self: 'a' });
    const hello = node.hello();
    const renamed = Buffer.from(hello);
    renamed[55] = 'c'.charCodeAt(0);
    return victim.proved(node.challenged(victim.greeted(renamed), NO_SESSION));
  },
  'a proof made for another listener': (victim) => {
    const node = dialer({ peer: 'c' });
    const hello = node.hello();
    const redirected = Buffer.from(hello);
    redirected[57] = 'b'.charCodeAt(0);
    return victim.proved(node.challenged(victim.greeted(redirected), NO_SESSION));
  },
  'a proof whose lost session was changed': (victim) => {
    const node = dialer();
    const proof = node.challenged(victim.greeted(node.hello()), NO_SESSION);
    proof[6]! ^= 1;
    return victim.proved(proof);
  },
  'no hello at all': (victim, [, proof]) => victim.proved(proof!),
};

function overheard(victim: ListenerHandshake): Buffer[] {
  const honest = dialer();
  const hello = honest.hello();
  const proof = honest.challenged(victim.greeted(hello), NO_SESSION);
  honest.accepted(victim.proved(proof).accept);
  return [hello, proof];
}

function breaks(Listener: ListenerClass): string[] {
  return Object.entries(attacks).flatMap(([name, attack]) => {
    try {
      attack(listener(Listener), overheard(listener(Listener)));
      return [name];
    } catch (error) {
      expect(error).toBeInstanceOf(Refusal);
      return [];
    }
  });
}

describe('the handshake', () => {
  it('lets two that hold the key know each other, and agree on a session', () => {
    const [a, b] = [dialer(), listener()];
    const lost = 'ab'.repeat(32);
    const proof = b.proved(a.challenged(b.greeted(a.hello()), lost));
    a.accepted(proof.accept);
    expect(proof).toMatchObject({ peer: 'a', session: a.session, lostSession: lost });
    expect(a.session).not.toBe('');
  });

  it('lets nobody else in', () => {
    expect(breaks(ListenerHandshake)).toEqual([]);
    expect(breaks(Credulous).length).toBeGreaterThan(3);
    expect(breaks(Predictable)).toEqual(['replaying what was overheard']);
  });

  it('is not fooled by its own proof, reflected', () => {
    const [a, b] = [dialer(), listener()];
    const proof = a.challenged(b.greeted(a.hello()), NO_SESSION);
    const reflected = Buffer.from(proof.subarray(0, 38));
    reflected[5] = 4;
    proof.copy(reflected, 6, 38);
    expect(() => a.accepted(reflected)).toThrow(Refusal);
  });

  it('answers any bytes with a refusal, never another error', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.nat(5),
        fc.boolean(),
        (noise, kind, framed) => {
          const head = framed
            ? Buffer.from(`DSWS\u0001${String.fromCharCode(kind)}`)
            : Buffer.alloc(0);
          const bytes = Buffer.concat([head, noise]);
          const [a, b] = [dialer(), listener()];
          for (const step of [
            () => b.greeted(bytes),
            () => b.proved(bytes),
            () => a.challenged(bytes, NO_SESSION),
            () => a.accepted(bytes),
          ]) {
            try {
              step();
            } catch (error) {
              expect(error).toBeInstanceOf(Refusal);
            }
          }
        },
      ),
    );
  });

  it('keeps its frames small, also with the longest names', () => {
    const long = dialer({ self: 'é'.repeat(64), peer: 'x'.repeat(128) });
    expect(long.hello().length).toBeLessThanOrEqual(MAX_HANDSHAKE_FRAME_BYTES);
  });
});
