import { describe, expect, it } from 'vitest';
import { HybridLogicalClock, timestampToBigInt } from '../../src/index.ts';
import { ManualClock } from '../../src/memory.ts';

const code = (name: string) => expect.objectContaining({ code: name });

describe('a hybrid logical clock', () => {
  it('carries a full count into the wall time, so that every timestamp fits 64 bits', () => {
    const clock = new HybridLogicalClock({ clock: new ManualClock({ wallMs: 10 }) });
    clock.update({ wallMs: 10, logical: 0xfffe });
    expect(clock.now()).toEqual({ wallMs: 10, logical: 0xffff });
    expect(clock.now()).toEqual({ wallMs: 11, logical: 0 });
    const received = clock.receive({ wallMs: 12, logical: 2 ** 31 - 1 });
    expect(received).toEqual({ wallMs: 13, logical: 0 });
    expect(timestampToBigInt(received)).toBe(13n << 16n);
  });

  it('takes whole milliseconds of a wall clock that has fractions', () => {
    const clock = new HybridLogicalClock({ clock: new ManualClock({ wallMs: 10.9 }) });
    expect([clock.now(), clock.now()]).toEqual([
      { wallMs: 10, logical: 0 },
      { wallMs: 10, logical: 1 },
    ]);
  });

  it('goes on after a jump forward, as soon as the wall is back or the new time accepted', () => {
    const wall = new ManualClock({ wallMs: 10_000 });
    const clock = new HybridLogicalClock({ clock: wall, refuseForwardJumps: true });
    clock.now();
    wall.setWall(28_810_000);
    for (let i = 0; i < 3; i += 1) expect(() => clock.now()).toThrow(code('CLOCK_FORWARD_JUMP'));
    wall.setWall(10_050);
    expect(clock.now()).toEqual({ wallMs: 10_050, logical: 0 });
    wall.setWall(28_810_000);
    expect(() => clock.now()).toThrow(code('CLOCK_FORWARD_JUMP'));
    clock.refresh();
    expect(clock.now()).toEqual({ wallMs: 28_810_000, logical: 0 });
  });

  it('goes on after a jump forward that was taken: local timestamps never throw for it', () => {
    const wall = new ManualClock({ wallMs: 10_000 });
    const clock = new HybridLogicalClock({ clock: wall });
    wall.setWall(28_810_000);
    clock.now();
    wall.setWall(10_000);
    expect(clock.now()).toEqual({ wallMs: 28_810_000, logical: 1 });
    expect(clock.receive({ wallMs: 10_100, logical: 0 }).logical).toBe(2);
    expect(clock.status()).toMatchObject({
      ...{ aheadMs: 28_800_000, forwardJumps: 1, backwardJumps: 1 },
    });
    wall.setWall(28_810_001);
    expect(clock.now()).toEqual({ wallMs: 28_810_001, logical: 0 });
  });

  it('takes a long pause for no jump', () => {
    const wall = new ManualClock({ wallMs: 10_000 });
    const clock = new HybridLogicalClock({ clock: wall, refuseForwardJumps: true });
    clock.now();
    wall.advance(3_600_000);
    expect(clock.now()).toEqual({ wallMs: 3_610_000, logical: 0 });
    expect(clock.status().forwardJumps).toBe(0);
  });

  it('issues nothing above its bound, and goes on when the bound is extended', async () => {
    const wall = new ManualClock({ wallMs: 10_000 });
    const clock = new HybridLogicalClock({ clock: wall, upperBoundMs: 10_100 });
    clock.now();
    wall.advance(200);
    expect(() => clock.now()).toThrow(code('CLOCK_ABOVE_BOUND'));
    expect(await clock.extendUpperBound(() => {}, 50)).toBe(10_250);
    expect(clock.now()).toEqual({ wallMs: 10_200, logical: 0 });
    expect(() => clock.receive({ wallMs: 10_251, logical: 0 })).toThrow(code('CLOCK_ABOVE_BOUND'));
    expect(clock.now()).toEqual({ wallMs: 10_200, logical: 1 });
  });

  it('never takes a bound back, and persists one at a time', async () => {
    const wall = new ManualClock({ wallMs: 10_000 });
    const clock = new HybridLogicalClock({ clock: wall, upperBoundMs: 20_000 });
    const persisted: number[] = [];
    let finish = () => {};
    const first = clock.extendUpperBound((boundMs) => {
      persisted.push(boundMs);
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    }, 50);
    await expect(clock.extendUpperBound(() => {}, 50)).rejects.toThrow(TypeError);
    finish();
    expect([await first, persisted]).toEqual([20_000, [20_000]]);
  });

  it('starts above the bound of the run before, however far the wall has stepped back', () => {
    const clock = new HybridLogicalClock({ clock: new ManualClock(), startAboveMs: 50_000 });
    expect(clock.now().wallMs).toBeGreaterThan(50_000);
  });

  it('refuses a remote that is no timestamp, and is as it was', () => {
    const clock = new HybridLogicalClock({ clock: new ManualClock({ wallMs: 7 }) });
    for (const remote of [
      { wallMs: Number.NaN, logical: 0 },
      { wallMs: -1, logical: 0 },
      { wallMs: 1.5, logical: 0 },
      { wallMs: 7, logical: 2 ** 31 },
      { wallMs: 7, logical: -1 },
    ])
      expect(() => clock.receive(remote)).toThrow(code('CLOCK_MALFORMED'));
    expect(clock.now()).toEqual({ wallMs: 7, logical: 0 });
  });

  it('refuses settings that make no sense', () => {
    for (const options of [{ maxOffsetMs: -1 }, { upperBoundMs: -1 }, { startAboveMs: Number.NaN }])
      expect(() => new HybridLogicalClock(options)).toThrow(RangeError);
  });
});
