/** The programs under examples/ run to their end. */
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('the example', () => {
  it('two-nodes asks, is answered, and notices the loss', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    await import('../../examples/two-nodes.ts');
    expect(log.mock.calls.flat()[0]).toBe('HELLO, client-1!');
    expect(log.mock.calls.flat()[1]).toMatch(/^REQUEST_/);
  });

  it('measure prints a row for each kind of traffic', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    vi.stubEnv('DS_SCALE', '0.002');
    await import('../../examples/measure.ts');
    const { rows } = JSON.parse(String(log.mock.calls[0]![0])) as {
      rows: { name: string; cpuUsPerOp: number; opsPerSecond: number }[];
    };
    expect(rows.length).toBe(8);
    for (const { cpuUsPerOp, opsPerSecond } of rows) {
      expect(cpuUsPerOp).toBeGreaterThan(0);
      expect(opsPerSecond).toBeGreaterThan(0);
    }
  });
});
