/** Batching, heartbeats, the dead timer and back-pressure, on a clock moved by hand. */
import { ManualClock } from '@ds/clock/memory';
import { describe, expect, it } from 'vitest';
import { Link } from '../../src/link.ts';
import { nodeCodec } from '../../src/node-codec.ts';
import { FakeSocket } from '../support/fake-network.ts';

/** A socket that lets go of what was sent only when told. */
class SlowSocket extends FakeSocket {
  readonly #waiting: { bytes: number; sent: (() => void) | undefined }[] = [];

  override send(frame: Buffer, sent?: () => void): void {
    this.sent.push(frame);
    this.bufferedBytes += frame.length;
    this.#waiting.push({ bytes: frame.length, sent });
  }

  letGo(): void {
    for (const { bytes, sent } of this.#waiting.splice(0)) {
      this.bufferedBytes -= bytes;
      sent?.();
    }
  }
}

/** A page in the background: time goes by, and no timer fires. */
class BackgroundClock extends ManualClock {
  elapsedMs = 0;

  override monotonic(): number {
    return this.elapsedMs;
  }
}

function link({ clock = new ManualClock(), maxQueuedBytes = 10_000 } = {}) {
  const socket = new SlowSocket();
  const told: string[] = [];
  const received: unknown[] = [];
  const subject = new Link({
    codec: nodeCodec,
    socket,
    clock,
    heartbeatMs: 100,
    deadAfterMs: 300,
    maxMessageBytes: 1_000,
    maxQueuedBytes,
    deliver: (_, plain) => received.push(plain),
    drained: () => told.push('drained'),
    silent: () => told.push('silent'),
  });
  return { clock, socket, told, received, subject };
}

describe('a link', () => {
  it('sends in one frame what one tick sends', () => {
    const { clock, socket, subject } = link();
    for (let i = 0; i < 50; i += 1) expect(subject.submit('c', i, 1)).toBe('queued');
    expect(socket.sent).toEqual([]);
    clock.advance(0);
    expect(socket.sent.length).toBe(1);
    subject.submit('c', 'later', 6);
    clock.advance(0);
    expect(socket.sent.length).toBe(2);
    const there = link();
    for (const frame of socket.sent) there.subject.receive(frame);
    expect(there.received).toEqual([...Array(50).keys(), 'later']);
  });

  it('sends a heartbeat when it has nothing to say, and only then', () => {
    const { clock, socket, subject } = link();
    clock.advance(100);
    expect(socket.sent.map(({ length }) => length)).toEqual([0]);
    socket.letGo();
    subject.submit('c', 1, 1);
    clock.advance(100);
    expect(socket.sent.length).toBe(2);
    socket.letGo();
    clock.advance(100);
    expect(socket.sent.length).toBe(3);
  });

  it('stays up while nobody says anything', () => {
    const clock = new ManualClock();
    const [a, b] = [link({ clock }), link({ clock })];
    for (let ms = 0; ms < 3_000; ms += 10) {
      clock.advance(10);
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        for (const frame of from.socket.sent.splice(0)) to.subject.receive(frame);
        from.socket.letGo();
      }
    }
    expect([...a.told, ...b.told]).toEqual([]);
  });

  it('makes up for a heartbeat whose timer is late as soon as it hears anything', () => {
    const clock = new BackgroundClock();
    const { socket, subject } = link({ clock });
    for (const [atMs, heartbeats] of [
      [99, 0],
      [100, 1],
      [150, 1],
      [220, 2],
    ] as const) {
      clock.elapsedMs = atMs;
      subject.receive(Buffer.alloc(0));
      socket.letGo();
      expect(socket.sent.length).toBe(heartbeats);
    }
  });

  it('calls a peer dead after deadAfterMs of silence, and not before', () => {
    const { clock, told, subject } = link();
    clock.advance(250);
    subject.receive(Buffer.alloc(0));
    clock.advance(299);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['silent']);
  });

  it('hears what arrived while this process was busy before it calls a peer dead', () => {
    const { clock, told, subject } = link();
    // The input lies behind the timer that judges: it is read in the same instant, just later.
    clock.setTimer(300, () => subject.receive(Buffer.alloc(0)));
    clock.advance(300);
    expect(told).toEqual([]);
    clock.advance(300);
    expect(told).toEqual(['silent']);
  });

  it('says saturated before maxQueuedBytes is exceeded, and drained when half is free', () => {
    const { clock, socket, told, subject } = link({ maxQueuedBytes: 2_000 });
    const body = new Uint8Array(500);
    let queued = 0;
    while (subject.submit('c', body, 503) === 'queued') queued += 1;
    expect(queued).toBe(3);
    clock.advance(0);
    expect(subject.submit('c', body, 503)).toBe('saturated');
    expect(socket.bufferedBytes).toBeLessThanOrEqual(2_000);
    expect(told).toEqual([]);
    socket.letGo();
    expect(told).toEqual(['drained']);
    expect(subject.submit('c', body, 503)).toBe('queued');
  });

  it('sends what waits when it stops, and then is unreachable and leaves no timer', () => {
    const { clock, socket, subject } = link();
    subject.submit('c', 'last words', 11);
    subject.stop();
    subject.stop();
    expect(socket.sent.length).toBe(1);
    expect(subject.submit('c', 1, 1)).toBe('unreachable');
    expect(clock.pendingTimers).toBe(0);
  });
});
