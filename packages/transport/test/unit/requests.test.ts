import { ManualClock } from '@ds/clock/memory';
import { describe, expect, it } from 'vitest';
import { type RequestHandler, Requests, type TransportError } from '../../src/index.ts';
import { MemoryNetwork } from '../../src/memory.ts';
import type { Transport } from '../../src/transport.ts';

describe('requests', () => {
  it('are answered by the peer that was asked', async () => {
    const scene = new Scene();
    scene.b.serve((from, question) => `${from} asked ${question}`);
    const answer = scene.a.request('b', 'why', { timeoutMs: 100 });
    scene.clock.advance(1);
    await scene.settled();
    await expect(answer).resolves.toBe('a asked why');
    expect([scene.a.status().pending, scene.b.status().serving]).toEqual([0, 0]);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('time out, and the one who serves is told', async () => {
    const scene = new Scene();
    const served = scene.serveForever();
    const answer = scene.a.request('b', 'slow', { timeoutMs: 100 });
    const late = scene.a.request('b', 'slower', { timeoutMs: 200 });
    scene.clock.advance(1);
    scene.clock.advance(99);
    await expect(answer).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT' });
    scene.clock.advance(1);
    expect(served.map(({ aborted }) => aborted)).toEqual([true, false]);
    scene.clock.advance(99);
    await expect(late).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT' });
  });

  it('given up before the handler looks at its signal show it aborted', async () => {
    const scene = new Scene();
    let context: { signal: AbortSignal } | undefined;
    scene.b.serve((_from, _request, given) => {
      context = given;
      return new Promise(() => {});
    });
    const answer = scene.a.request('b', 'slow', { timeoutMs: 10 });
    scene.clock.advance(1);
    scene.clock.advance(20);
    await expect(answer).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT' });
    expect(context?.signal.aborted).toBe(true);
  });

  it('can be given up, and the one who serves is told', async () => {
    const scene = new Scene();
    const served = scene.serveForever();
    const controller = new AbortController();
    const answer = scene.a.request('b', 'slow', { timeoutMs: 1_000, signal: controller.signal });
    scene.clock.advance(1);
    controller.abort('changed my mind');
    await expect(answer).rejects.toBe('changed my mind');
    scene.clock.advance(1);
    expect(served.map(({ aborted }) => aborted)).toEqual([true]);
    const given = scene.a.request('b', 'slow', { timeoutMs: 1_000, signal: controller.signal });
    await expect(given).rejects.toBe('changed my mind');
  });

  it('fail with the code and message of what the handler threw', async () => {
    const scene = new Scene();
    scene.b.serve(() => {
      throw Object.assign(new Error('no such thing'), { code: 'NOT_THERE' });
    });
    const failure = await scene.failure(scene.a.request('b', 'x', { timeoutMs: 100 }));
    expect(failure).toMatchObject({ code: 'REQUEST_FAILED', remoteCode: 'NOT_THERE' });
    expect(failure.message).toContain('no such thing');
  });

  it('fail when the answer cannot be sent', async () => {
    const scene = new Scene();
    scene.b.serve(() => undefined as never);
    const failure = await scene.failure(scene.a.request('b', 'x', { timeoutMs: 100 }));
    expect(failure).toMatchObject({
      code: 'REQUEST_FAILED',
      remoteCode: 'TRANSPORT_INVALID_MESSAGE',
    });
  });

  it('are refused where nobody serves, where too many run, and when malformed', async () => {
    const scene = new Scene({ maxServing: 1 });
    expect((await scene.failure(scene.a.request('b', 'x', { timeoutMs: 9 }))).code).toBe(
      'REQUEST_REFUSED',
    );
    scene.serveForever();
    scene.a.request('b', 'first', { timeoutMs: 1e6 }).catch(() => {});
    scene.clock.advance(1);
    expect((await scene.failure(scene.a.request('b', 'x', { timeoutMs: 9 }))).code).toBe(
      'REQUEST_REFUSED',
    );
    const malformed = scene.a.request('b', 7 as never, { timeoutMs: 9 });
    expect((await scene.failure(malformed)).code).toBe('REQUEST_REFUSED');
  });

  it('to strangers and beyond maxPending are not sent', async () => {
    const scene = new Scene({ maxPending: 1 });
    await expect(scene.a.request('x', '', { timeoutMs: 9 })).rejects.toMatchObject({
      code: 'REQUEST_UNREACHABLE',
    });
    const waiting = scene.a.request('b', '', { timeoutMs: 9 });
    await expect(scene.a.request('b', '', { timeoutMs: 9 })).rejects.toMatchObject({
      code: 'REQUEST_SATURATED',
    });
    expect((await scene.failure(waiting)).code).toBe('REQUEST_REFUSED');
  });

  it('are interrupted by a lost connection and by close', async () => {
    const scene = new Scene();
    const served = scene.serveForever();
    const interrupted = scene.a.request('b', 'x', { timeoutMs: 1_000 });
    scene.clock.advance(1);
    scene.network.cut('a', 'b');
    await expect(interrupted).rejects.toMatchObject({ code: 'REQUEST_INTERRUPTED' });
    expect(served.map(({ aborted }) => aborted)).toEqual([true]);
    scene.network.heal('a', 'b');
    const closed = scene.a.request('b', 'x', { timeoutMs: 1_000 });
    scene.a.close();
    scene.a.close();
    await expect(closed).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await expect(scene.a.request('b', 'x', { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
    });
  });

  it('survive a transport that is closed under them', async () => {
    const scene = new Scene();
    let answer: (text: string) => void = () => {};
    scene.b.serve(() => new Promise((resolve) => (answer = resolve)));
    const controller = new AbortController();
    const asked = scene.a.request('b', 'x', { timeoutMs: 1_000, signal: controller.signal });
    scene.clock.advance(1);
    await scene.transports[1]!.close();
    await expect(asked).rejects.toMatchObject({ code: 'REQUEST_INTERRUPTED' });
    answer('too late');
    await scene.transports[0]!.close();
    controller.abort();
    await scene.settled();
    expect(scene.b.status().serving).toBe(0);
  });

  it('are settled once, by the node that was asked, whatever else arrives', async () => {
    const scene = new Scene();
    const forger = scene.network.join('c').channel('questions', (plain) => plain);
    const seen: unknown[] = [];
    const spy = scene.network.join('d').channel('questions', (plain) => plain);
    spy.onMessage((_, frame) => seen.push(frame));
    scene.a.request('d', 'x', { timeoutMs: 50 }).catch(() => {});
    const answer = scene.a.request('b', 'x', { timeoutMs: 1_000 });
    scene.serveForever();
    scene.clock.advance(1);
    const [, id] = seen[0] as [number, string];
    const [session] = id.split('.');
    for (const frame of [
      [1, `${session}.1`, 'forged'],
      [1, 'x', 1],
      [9],
      'junk',
      [0, 'id', -1, 0],
      null,
    ]) {
      expect(forger.send('a', frame)).toBe('queued');
    }
    scene.clock.advance(1);
    scene.clock.advance(1_000);
    await expect(answer).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT' });
    expect(scene.transports[0]!.status().dropped.rejected).toBe(4);
  });

  it('of one id are served once, however often they arrive', () => {
    const scene = new Scene();
    const served = scene.serveForever();
    const doubler = scene.network.join('c').channel('questions', (plain) => plain);
    for (let i = 0; i < 3; i += 1) doubler.send('b', [0, 'same', 100, 'x']);
    scene.clock.advance(1);
    expect(served.length).toBe(1);
  });
});

class Scene {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork({ clock: this.clock });
  readonly transports: readonly Transport[] = [this.network.join('a'), this.network.join('b')];
  readonly a: Requests<string, string>;
  readonly b: Requests<string, string>;

  constructor(limits: { maxPending?: number; maxServing?: number } = {}) {
    const make = (transport: Transport): Requests<string, string> =>
      new Requests({
        transport,
        clock: this.clock,
        name: 'questions',
        decodeRequest: text,
        decodeResponse: text,
        ...limits,
      });
    this.a = make(this.transports[0]!);
    this.b = make(this.transports[1]!);
  }

  /** Serves without ever answering; returns the signals handed to the handler. */
  serveForever(): AbortSignal[] {
    const signals: AbortSignal[] = [];
    const never: RequestHandler<string, string> = (_from, _request, context) => {
      signals.push(context.signal);
      return new Promise(() => {});
    };
    this.b.serve(never);
    return signals;
  }

  async settled(): Promise<void> {
    for (let i = 0; i < 10; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      this.clock.advance(1);
    }
  }

  async failure(answer: Promise<unknown>): Promise<TransportError> {
    const caught = answer.then(
      () => Promise.reject(new Error('it was answered')),
      (error: TransportError) => error,
    );
    this.clock.advance(1);
    await this.settled();
    return caught;
  }
}

function text(plain: unknown): string {
  if (typeof plain !== 'string') throw new TypeError('not a string');
  return plain;
}
