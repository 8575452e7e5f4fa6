/**
 * Power cuts, kills, failing calls, full disks, damage at the calls a workload makes to the disk,
 * and at those of the recovery after a power cut.
 */
import type { DiskCall } from '@ds/sim';
import {
  callKind,
  callsOf,
  type FaultName,
  meetFaultEverywhere,
  SEEDS_PER_WORKLOAD,
  sweep,
} from '@ds/sim/engines';
import { describe, expect, it } from 'vitest';
import { seedsFrom } from '../seeds.ts';
import { btreeEngine } from './btree-engine.ts';

const engine = btreeEngine();

describe('every promise is kept', () => {
  for (const number of seedsFrom(1, 3)) {
    // Each takes other calls of another workload.
    const seed = number * (SEEDS_PER_WORKLOAD + 1);
    it(`whatever the disk and the machine do (seed ${seed})`, async () => {
      const { points } = await sweep(engine, seed);
      expect(points).toBeGreaterThan(100);
    }, 120_000);
  }

  for (const seed of seedsFrom(1, 1)) {
    for (const fault of ['power cut', 'power cut, all unsynced lost'] satisfies FaultName[]) {
      it(`through a ${fault} at every write and sync (seed ${seed})`, async () => {
        const takes = ({ operation }: DiskCall): boolean =>
          /^(write|datasync|syncDirectory|rename|remove)$/.test(operation);
        const met = await meetFaultEverywhere(engine, { seed, fault, takes });
        expect(met).toBeGreaterThan(50);
      }, 120_000);
    }
  }
});

it('a handful of workloads make every kind of call to every kind of file', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 8; seed += 1) {
    for (const call of await callsOf(engine, seed)) seen.add(callKind(engine, call));
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
