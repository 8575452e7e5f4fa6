/**
 * Power cuts, kills, failing calls, full disks and flipped bits, at the calls a workload makes to
 * the disk, and at those of the recovery after a power cut.
 */
import { describe, expect, it } from 'vitest';
import { seedsFrom } from '../seeds.ts';
import { Coverage, callKind } from './coverage.ts';
import type { FaultName } from './fault-kinds.ts';
import { callsOf, type FaultPoint, meetFault } from './fault-point.ts';
import { judged, SEEDS_PER_WORKLOAD, sweep } from './fault-sweep.ts';

describe('every promise is kept', () => {
  for (const number of seedsFrom(1, 3)) {
    // Each takes other calls of another workload.
    const seed = number * (SEEDS_PER_WORKLOAD + 1);
    it(`whatever the disk and the machine do (seed ${seed})`, async () => {
      const coverage = new Coverage();
      await sweep(seed, { coverage });
      expect(coverage.points).toBeGreaterThan(100);
    }, 120_000);
  }

  for (const seed of seedsFrom(1, 1)) {
    for (const fault of ['power cut', 'power cut, all unsynced lost'] satisfies FaultName[]) {
      it(`through a ${fault} at every write and sync (seed ${seed})`, async () => {
        let count = 0;
        for (const [callIndex, { operation }] of (await callsOf(seed)).entries()) {
          if (!/^(write|datasync|syncDirectory|rename|remove)$/.test(operation)) continue;
          count += 1;
          const point: FaultPoint = { seed, callIndex, fault };
          await judged(point, meetFault);
        }
        expect(count).toBeGreaterThan(50);
      }, 120_000);
    }
  }
});

it('a handful of workloads make every kind of call to every kind of file', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 8; seed += 1) {
    for (const call of await callsOf(seed)) seen.add(callKind(call));
  }
  const wanted = [
    ...['open', 'preallocate', 'write', 'datasync', 'read', 'rename'].map((name) => `${name} log`),
    ...['open', 'preallocate', 'write', 'datasync', 'read', 'truncate'].map(
      (name) => `${name} data`,
    ),
    ...['open', 'write', 'datasync', 'rename'].map((name) => `${name} new-data`),
    ...['remove log', 'lock lock', 'syncDirectory', 'list', 'mkdir'],
  ];
  expect([...seen]).toEqual(expect.arrayContaining(wanted));
}, 30_000);
