import { ManualClock } from '@ds/clock/memory';
import { describe, expect, it } from 'vitest';
import { forgetting, gCounter, type KnownEvents, Text } from '../../src/index.ts';
import {
  DeltaReplica,
  type Replicated,
  Replicator,
  type SyncChannel,
  type SyncMessage,
} from '../../src/sync.ts';

/** Two ends that deliver at once when told to. */
function wire(): { ends: SyncChannel[]; deliver(): number; sent: SyncMessage[] } {
  const handlers: ((from: string, message: SyncMessage) => void)[] = [];
  const queue: { to: number; message: SyncMessage }[] = [];
  const sent: SyncMessage[] = [];
  const end = (self: number): SyncChannel => ({
    send: (_to, message) => {
      sent.push(message);
      queue.push({ to: 1 - self, message });
    },
    onMessage: (handle) => {
      handlers[self] = handle;
      return () => {
        handlers[self] = () => {};
      };
    },
  });
  const deliver = (): number => {
    let count = 0;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      handlers[next.to]?.(`${1 - next.to}`, next.message);
      count += 1;
      if (count > 1000) throw new Error('they talk for ever');
    }
    return count;
  };
  return { ends: [end(0), end(1)], deliver, sent };
}

function connect(replicated: readonly Replicated[], options = {}) {
  const clock = new ManualClock();
  const { ends, deliver, sent } = wire();
  const replicators = replicated.map(
    (one, self) =>
      new Replicator({
        replicated: one,
        channel: ends[self] as SyncChannel,
        neighbours: { peers: () => [`${1 - self}`], onPeer: () => () => {} },
        clock,
        ...options,
      }),
  );
  return { clock, deliver, sent, replicators };
}

describe('a replicator', () => {
  it('sends what is lacking and nothing else, all changes of a batch in one update', () => {
    const [a, b] = [new Text({ replica: 1 }), new Text({ replica: 2 })];
    const { clock, deliver, sent, replicators } = connect([a, b]);
    deliver();
    a.insert(0, 'hello');
    replicators[0]?.changed();
    a.insert(5, ' world');
    replicators[0]?.changed();
    sent.length = 0;
    clock.advance(20);
    expect(sent.filter(({ kind }) => kind === 'update')).toHaveLength(1);
    deliver();
    expect(b.toString()).toBe('hello world');
    sent.length = 0;
    clock.advance(5000);
    deliver();
    expect(sent.filter(({ kind }) => kind === 'update')).toEqual([]);
    for (const replicator of replicators) replicator.close();
  });

  it('sends a large document in parts, each soon after the one before', () => {
    const [a, b] = [new Text({ replica: 1 }), new Text({ replica: 2 })];
    for (let line = 0; line < 200; line += 1) a.insert(0, `line ${line}\n`);
    const { deliver, sent } = connect([a, b], { maxUpdateBytes: 100 });
    deliver();
    expect(b.toString()).toBe(a.toString());
    const sizes = sent.flatMap(({ update }) => (update === undefined ? [] : [update.length]));
    expect(sizes.length).toBeGreaterThan(10);
    expect(Math.max(...sizes)).toBeLessThan(300);
  });

  it('a copy that lacks more than is remembered gets the whole state', () => {
    const options = { type: gCounter, maxDeltas: 3 };
    const [a, b] = [
      new DeltaReplica({ ...options, replica: 1 }),
      new DeltaReplica({ ...options, replica: 2 }),
    ];
    for (let count = 0; count < 50; count += 1) a.change(gCounter.mutators.increment);
    b.change(gCounter.mutators.increment);
    const { clock, deliver } = connect([a, b]);
    deliver();
    clock.advance(2000);
    deliver();
    expect([a.value, b.value]).toEqual([51, 51]);
    const loaded = DeltaReplica.load(a.save(), { ...options, replica: 1 });
    expect(loaded.value).toBe(51);
    expect(loaded.known()).toEqual(a.known());
  });

  it('two who cannot help each other do not talk for ever', () => {
    const silent = (text: Text): Replicated => ({
      known: () => text.known(),
      updateSince: () => new Uint8Array(0),
      apply: (update) => text.apply(update),
    });
    const texts = [1, 2].map((replica) => new Text({ replica }));
    for (const text of texts) text.insert(0, 'x');
    const { deliver } = connect(texts.map(silent));
    expect(deliver()).toBeLessThan(20);
  });

  it('what a peer reports is enough for a text to forget what both have', () => {
    const texts = [1, 2].map((replica) => new Text({ replica, forgetting })) as [Text, Text];
    const [first, second] = texts;
    const reports = new Map<number, KnownEvents>();
    const onReport = (from: string, known: KnownEvents): void => {
      reports.set(Number(from) + 1, known);
    };
    const { deliver, clock, replicators } = connect(texts, { onReport });
    first.insert(0, 'forget me');
    replicators[0]?.changed();
    deliver();
    clock.advance(100);
    deliver();
    expect(second.toString()).toBe('forget me');
    first.insert(9, '!');
    expect(first.forget(new Map([[2, reports.get(2) ?? new Map()]]))).toBe(0);
    clock.advance(1000);
    deliver();
    clock.advance(1000);
    deliver();
    expect(first.forget(new Map([[2, reports.get(2) ?? new Map()]]))).toBe(10);
  });

  it('counts what cannot be applied, and goes on', () => {
    const text = new Text({ replica: 1 });
    const { ends, deliver } = wire();
    const rejected: string[] = [];
    const replicator = new Replicator({
      replicated: text,
      channel: ends[0] as SyncChannel,
      neighbours: { peers: () => [], onPeer: () => () => {} },
      clock: new ManualClock(),
      onRejected: (from, { code }) => rejected.push(`${from} ${code}`),
    });
    const bad = { kind: 'update', known: new Uint8Array(0), update: Uint8Array.of(0xff) } as const;
    ends[1]?.send('0', bad);
    ends[1]?.send('0', { kind: 'exchange', known: Uint8Array.of(0x80) });
    deliver();
    expect(rejected).toEqual(['1 CRDT_FORMAT', '1 CRDT_MALFORMED']);
    expect(replicator.status().rejected).toBe(2);
    replicator.close();
    replicator.close();
    expect(() => replicator.changed()).toThrow(
      expect.objectContaining({ code: 'CRDT_CLOSED' }) as Error,
    );
  });

  it('settings without a bound are refused', () => {
    expect(() => connect([new Text({ replica: 1 })], { exchangeMs: 0 })).toThrow(RangeError);
    expect(() => new Text({ replica: -1 })).toThrow(RangeError);
    expect(() => new Text({ replica: 1, maxPendingBytes: Number.POSITIVE_INFINITY })).toThrow(
      RangeError,
    );
    expect(() => new DeltaReplica({ type: gCounter, replica: 2 ** 32 })).toThrow(RangeError);
  });
});
