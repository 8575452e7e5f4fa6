/** Long runs: another workload for each seed, with every kind of fault at its calls to the disk. */
import { callsOf, meetFault } from './simulation/crash-harness.ts';
import { FAULT_KINDS, pointsOf } from './simulation/fault-kinds.ts';

interface Options {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

interface Report {
  seeds: number;
  failed: { seed: number; message: string }[];
  /** Faults met, each at another call of a workload, by kind. */
  points: Record<string, number>;
}

export async function run({ firstSeed, seeds, signal, progress }: Options): Promise<Report> {
  const failed: Report['failed'] = [];
  const points: Record<string, number> = {};
  let done = 0;
  for (; done < seeds && !signal.aborted; done += 1) {
    const seed = firstSeed + done;
    const calls = await callsOf(seed);
    for (const [name, kind] of Object.entries(FAULT_KINDS)) {
      for (const callIndex of pointsOf(calls, kind, seed)) {
        if (signal.aborted) break;
        const point = { seed, callIndex, fault: kind.fault };
        points[name] = (points[name] ?? 0) + 1;
        await meetFault(point).catch((error: unknown) => {
          failed.push({ seed, message: `meetFault(${JSON.stringify(point)}): ${error}` });
        });
      }
    }
    const total = Object.values(points).reduce((sum, count) => sum + count, 0);
    progress(`seed ${seed}: ${total} faults met, ${failed.length} failed`);
  }
  return { seeds: done, failed, points };
}
