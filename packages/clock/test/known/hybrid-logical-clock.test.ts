/** CockroachDB's hlc and the paper, case by case: the same timestamps, refusals and jumps. */
import { describe, expect, it } from 'vitest';
import { HybridLogicalClock } from '../../src/index.ts';
import { ManualClock } from '../../src/memory.ts';
import { json, leftOut, section } from './cases.ts';

interface Step {
  readonly pt: number;
  readonly ev: 'send' | 'recv';
  readonly in?: readonly [number, number];
  readonly crdb: readonly [number, number];
  readonly kulkarni: readonly [number, number];
}

interface Jump {
  readonly jumpMs: number;
  readonly maxMs: number;
  readonly fatal: boolean;
}

const hybrid = ([wallMs, logical]: readonly [number, number]) => ({ wallMs, logical });
const code = (name: string) => expect.objectContaining({ code: name });

describe.skipIf(leftOut)('timestamps agree with the table', () => {
  it('of CockroachDB, where a receipt is a tick, an update and a tick', () => {
    const wall = new ManualClock();
    const clock = new HybridLogicalClock({ clock: wall, maxOffsetMs: 1_000 });
    for (const { pt, in: remote, crdb } of json<Step[]>('1. HLC')) {
      wall.setWall(pt);
      const first = clock.now();
      if (remote) clock.update(hybrid(remote));
      expect(remote ? clock.now() : first).toEqual(hybrid(crdb));
    }
  });

  it('of the paper, where a receipt is one event', () => {
    const wall = new ManualClock();
    const clock = new HybridLogicalClock({ clock: wall, maxOffsetMs: 1_000 });
    for (const { pt, in: remote, kulkarni } of json<Step[]>('1. HLC')) {
      wall.setWall(pt);
      const timestamp = remote ? clock.receive(hybrid(remote)) : clock.now();
      expect(timestamp).toEqual(hybrid(kulkarni));
    }
  });
});

describe('offsets', () => {
  it('of 499 ms are accepted and of 1000 ms refused, and the clock is then unchanged', () => {
    const clock = new HybridLogicalClock({
      clock: new ManualClock({ wallMs: 10_000 }),
      maxOffsetMs: 500,
    });
    clock.update({ wallMs: 10_499, logical: 0 });
    for (const meet of ['update', 'receive'] as const)
      expect(() => clock[meet]({ wallMs: 11_000, logical: 0 })).toThrow(code('CLOCK_REMOTE_AHEAD'));
    expect(clock.now()).toEqual({ wallMs: 10_499, logical: 1 });
    expect(clock.status().refusedRemotes).toBe(2);
  });

  it('do not matter when the largest is 0', () => {
    const clock = new HybridLogicalClock({ clock: new ManualClock(), maxOffsetMs: 0 });
    expect(clock.receive({ wallMs: 1e12, logical: 3 })).toEqual({ wallMs: 1e12, logical: 4 });
  });
});

describe('a jump back', () => {
  it('is counted beyond a tenth of the largest offset, and timestamps go on increasing', () => {
    const wall = new ManualClock({ wallMs: 1_000 });
    const clock = new HybridLogicalClock({ clock: wall, maxOffsetMs: 100 });
    const walls = [1_000, 890, 880];
    const seen = walls.map((wallMs) => {
      wall.setWall(wallMs);
      return [clock.now(), clock.status().backwardJumps] as const;
    });
    expect(seen.map(([, jumps]) => jumps)).toEqual([0, 1, 1]);
    expect(seen.map(([{ logical }]) => logical)).toEqual([0, 1, 2]);
  });
});

describe.skipIf(leftOut)('a jump forward', () => {
  it.each(leftOut ? [] : json<Jump[]>('Offset / jump / bound rules'))(
    '$jumpMs ms of $maxMs ms: refused $fatal',
    ({ jumpMs, maxMs, fatal }) => {
      for (const refuseForwardJumps of [true, false]) {
        const wall = new ManualClock({ wallMs: 10_000 });
        const clock = new HybridLogicalClock({
          clock: wall,
          maxOffsetMs: maxMs,
          refuseForwardJumps,
        });
        clock.now();
        wall.setWall(10_000 + jumpMs);
        if (fatal && refuseForwardJumps) {
          expect(() => clock.now()).toThrow(code('CLOCK_FORWARD_JUMP'));
        } else clock.now();
      }
    },
  );

  it('is hidden by a refresh between two readings', () => {
    const wall = new ManualClock({ wallMs: 10_000 });
    const clock = new HybridLogicalClock({ clock: wall, refuseForwardJumps: true });
    clock.now();
    wall.setWall(10_400);
    clock.refresh();
    expect(clock.now()).toEqual({ wallMs: 10_400, logical: 0 });
  });

  it('is none before the clock was first read', () => {
    const wall = new ManualClock({ wallMs: 10_000 });
    wall.setWall(50_000);
    const clock = new HybridLogicalClock({ clock: wall, refuseForwardJumps: true });
    expect(clock.now()).toEqual({ wallMs: 50_000, logical: 0 });
  });
});

describe('the persisted bound', () => {
  it.each([
    [100, true],
    [1_000, false],
    [1_010, false],
    [0, false],
  ])('%i with the wall at 1000: refused %s', (upperBoundMs, refused) => {
    for (const step of ['now', 'update', 'receive'] as const) {
      const wall = new ManualClock({ wallMs: 900 });
      const clock = new HybridLogicalClock({ clock: wall, upperBoundMs });
      wall.advance(step === 'now' ? 100 : 0);
      const run = () => (step === 'now' ? clock.now() : clock[step]({ wallMs: 1_000, logical: 0 }));
      if (refused) expect(run).toThrow(code('CLOCK_ABOVE_BOUND'));
      else run();
    }
  });

  it('is now and the delta, is not negative, stays unset on an error, and is reset by 0', async () => {
    const clock = new HybridLogicalClock({ clock: new ManualClock({ wallMs: 1_000 }) });
    const persisted: number[] = [];
    const persist = (boundMs: number) => void persisted.push(boundMs);
    const failing = () => Promise.reject(new Error('the disk is full'));
    await expect(clock.extendUpperBound(failing, 50)).rejects.toThrow('the disk is full');
    expect(clock.status().upperBoundMs).toBe(Number.POSITIVE_INFINITY);
    await expect(clock.extendUpperBound(persist, -1)).rejects.toThrow(RangeError);
    expect(await clock.extendUpperBound(persist, 50)).toBe(1_050);
    await clock.removeUpperBound(persist);
    expect(persisted).toEqual([1_050, 0]);
    expect(clock.status().upperBoundMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe.skipIf(leftOut)('the page of known answers', () => {
  it('still says what the cases above were taken from', () => {
    const rules = section('Offset / jump / bound rules');
    for (const fact of [
      '+499 ms accepted, +1000 ms rejected (clock must be unchanged)',
      'back 110 -> counted (1); further back 10 -> not counted (still 1)',
      'B=100 fatal, 1000 ok, 1010 ok; same for now() and for update()',
      'delta < 0 is an error; a persist error leaves it unset; reset persists 0',
    ])
      expect(rules).toContain(fact);
  });
});
