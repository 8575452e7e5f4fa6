/**
 * Power cuts, kills, failing calls, full disks, damage at the calls a workload makes to the disk,
 * and at those of the recovery after a power cut.
 */
import type { DiskCall } from '@ds/sim';
import {
  callKind,
  callsOf,
  type FaultName,
  type FaultPoint,
  meetFault,
  meetFaultEverywhere,
  SEEDS_PER_WORKLOAD,
  sweep,
} from '@ds/sim/engines';
import { describe, expect, it } from 'vitest';
import { seedsFrom } from '../seeds.ts';
import { lsmEngine } from './lsm-engine.ts';

const engine = lsmEngine();

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

/** Points that once broke a promise, and what the store then lacked. */
const MENDED: readonly (readonly [lacked: string, point: FaultPoint])[] = [
  // A checkpoint copied a damaged log, and took the damage for the end that a crash leaves.
  ['a claim', { seed: 401, callIndex: 162, fault: 'bit rot' }],
  ['a claim', { seed: 401, callIndex: 167, fault: 'bit rot' }],
  // A verification took the manifest that was about to take over for damage.
  ['the number of the next manifest', { seed: 6, callIndex: 456, fault: 'disk stays full' }],
];

it.each(MENDED)('what lacked %s keeps its promise at %o', async (_lacked, point) => {
  await meetFault(engine, point);
});

it('a handful of workloads make every kind of call to every kind of file', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 8; seed += 1) {
    for (const call of await callsOf(engine, seed)) seen.add(callKind(engine, call));
  }
  const wanted = [
    ...['open', 'preallocate', 'write', 'datasync', 'read', 'rename'].map((name) => `${name} log`),
    ...['open', 'write', 'datasync', 'read', 'link', 'remove'].map((name) => `${name} table`),
    ...['open', 'write', 'datasync', 'read', 'remove'].map((name) => `${name} manifest`),
    ...['open', 'truncate', 'write', 'datasync', 'rename'].map((name) => `${name} current-new`),
    ...['open current', 'read current', 'lock lock', 'syncDirectory', 'list', 'mkdir'],
  ];
  expect([...seen]).toEqual(expect.arrayContaining(wanted));
}, 30_000);
