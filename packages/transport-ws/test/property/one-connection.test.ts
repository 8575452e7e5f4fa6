/**
 * Two nodes that dial each other, through every order of events a seed can choose, with and without
 * connections that break on one side or both.
 */
import { ManualClock } from '@ds/clock/memory';
import type { PeerEvent } from '@ds/transport';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import type { Authenticated } from '../../src/handshake.ts';
import { resolveOptions } from '../../src/options.ts';
import { Peering } from '../../src/peering.ts';
import type { RefusalReason } from '../../src/refusal.ts';
import { FakeNetwork } from '../support/fake-network.ts';
import { seededRandom } from '../support/seeded-random.ts';

const DEAD_AFTER_MS = 3_000;
type PeeringClass = typeof Peering;

/** Nobody decides: both connections are welcome. */
class Undecided extends Peering {
  override admit(connection: Connection, proof: Authenticated): RefusalReason | undefined {
    const refusal = super.admit(connection, proof);
    return refusal === 'superseded' ? undefined : refusal;
  }
}

/** Both decide: each insists on the connection it dialled. */
class Stubborn extends Peering {
  override admit(connection: Connection, proof: Authenticated): RefusalReason | undefined {
    if (this.links()[proof.peer]?.state === 'connecting') return 'superseded';
    return super.admit(connection, proof);
  }
}

/** Never says which connection it lost. */
class Silent extends Peering {
  override lostSession(): string {
    return '00'.repeat(32);
  }
}

class Pair {
  readonly clock: ManualClock = new ManualClock();
  readonly network: FakeNetwork = new FakeNetwork();
  readonly events: Record<string, PeerEvent[]> = { a: [], b: [] };
  readonly nodes: Record<string, Peering> = {};
  readonly #random: () => number;

  constructor(PeeringUnderTest: PeeringClass, seed: number) {
    this.#random = seededRandom(seed);
    for (const [self, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const options = resolveOptions({
        self,
        peers: { [other]: `ws://${other}` },
        key: new Uint8Array(16),
        clock: this.clock,
        random: this.#random,
        deadAfterMs: DEAD_AFTER_MS,
        backoff: { initialMs: 50, maxMs: 400 },
      });
      const node = new PeeringUnderTest(options, this.network.port, {
        changed: (event) => this.events[self]!.push(event),
        deliver: () => {},
        drained: () => {},
      });
      this.nodes[self] = node;
      this.network.listen(`ws://${self}`, (socket) => node.arrived(socket));
    }
  }

  start(): void {
    for (const node of this.#shuffled()) node.start();
  }

  /** Lets everything under way happen, in an order the seed chooses. */
  drain(limit = 10_000): void {
    for (let i = 0; i < limit && this.network.step(this.#random()); i += 1);
  }

  /** Some steps, then perhaps a fault. */
  trouble(): void {
    this.drain(Math.floor(this.#random() * 12));
    const { sockets } = this.network;
    const victim = sockets[Math.floor(this.#random() * sockets.length)];
    const kind = this.#random();
    if (kind < 0.2) victim?.break();
    else if (kind < 0.4) victim?.breakHere();
    else if (kind < 0.8) this.clock.advance(this.#random() * 100);
  }

  run(ms: number): void {
    for (const end = this.clock.monotonic() + ms; this.clock.monotonic() < end; ) {
      this.clock.advance(10);
      this.drain();
    }
  }

  /** The session both nodes are connected by, if they agree. */
  agreed(): string | undefined {
    const [a, b] = [this.nodes.a!.connected('b'), this.nodes.b!.connected('a')];
    return a && a.session === b?.session ? a.session : undefined;
  }

  #shuffled(): Peering[] {
    const { a, b } = this.nodes;
    return this.#random() < 0.5 ? [a!, b!] : [b!, a!];
  }
}

/** Whether two nodes that dial each other get one connection, at once and without a flutter. */
function meetsOnce(PeeringUnderTest: PeeringClass): fc.RunDetails<[number]> {
  return fc.check(
    fc.property(fc.nat(), (seed) => {
      const pair = new Pair(PeeringUnderTest, seed);
      pair.start();
      pair.drain();
      expect(pair.agreed()).toBeDefined();
      pair.run(DEAD_AFTER_MS * 2);
      for (const events of Object.values(pair.events)) {
        expect(events.map(({ kind }) => kind)).toEqual(['up']);
      }
    }),
    { numRuns: 500 },
  );
}

/** Whether a connection of which one side lost hold is replaced well before the other is dead. */
function recovers(PeeringUnderTest: PeeringClass): fc.RunDetails<[number]> {
  return fc.check(
    fc.property(fc.nat(), (seed) => {
      const pair = new Pair(PeeringUnderTest, seed);
      pair.start();
      pair.drain();
      const before = pair.agreed();
      const up = pair.network.sockets.filter(({ open }) => open);
      up[seed % up.length]!.breakHere();
      pair.run(DEAD_AFTER_MS / 3);
      expect(pair.agreed()).toBeDefined();
      expect(pair.agreed()).not.toBe(before);
    }),
    { numRuns: 300 },
  );
}

describe('two nodes that dial each other', () => {
  it('get exactly one connection, whatever the order of events', () => {
    expect(fc.defaultReportMessage(meetsOnce(Peering))).toBeUndefined();
    expect(meetsOnce(Undecided).failed).toBe(true);
    expect(meetsOnce(Stubborn).failed).toBe(true);
  });

  it('get a new one at once when only one of them noticed the loss', () => {
    expect(fc.defaultReportMessage(recovers(Peering))).toBeUndefined();
    expect(recovers(Silent).failed).toBe(true);
  });

  it('agree on one connection after any trouble, with growing incarnations', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const pair = new Pair(Peering, seed);
        pair.start();
        for (let i = 0; i < 30; i += 1) pair.trouble();
        pair.run(DEAD_AFTER_MS * 3);
        const session = pair.agreed();
        expect(session).toBeDefined();
        pair.run(DEAD_AFTER_MS * 3);
        expect(pair.agreed()).toBe(session);
        for (const events of Object.values(pair.events)) {
          const kinds = events.map((_, i) => (i % 2 === 0 ? 'up' : 'down'));
          expect(events.map(({ kind }) => kind)).toEqual(kinds);
          const ups = events.filter(({ kind }) => kind === 'up').map((up) => up.incarnation);
          expect(ups).toEqual([...new Set(ups)].sort((x, y) => x - y));
        }
      }),
      { numRuns: 300 },
    );
  });
});
