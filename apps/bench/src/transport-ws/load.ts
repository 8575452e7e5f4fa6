/**
 * The same load for every contender. Both ends run in one process, so the CPU time of the process
 * is what sender and receiver use together.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Measurements } from '../contender.ts';

/** A connection between two ends that are both here. */
export interface Ends {
  /** Sends the payload, and resolves when its echo is back. */
  rpc(): Promise<void>;
  /** Sends the payload one way; false when there is no room and it was not sent. */
  send(): boolean;
  /** Resolves when there is room again. */
  drained(): Promise<void>;
  /** One-way messages that have arrived so far. */
  received(): number;
}

/** 100 bytes that do not compress and are not text. */
export const PAYLOAD: Uint8Array = Uint8Array.from({ length: 100 }, (_, i) => (i * 167 + 13) % 256);

const BURST = 256;

export function measurements(ends: Ends): Measurements {
  return {
    '100 B rpc, 1 in flight': (durationMs) => rpcCost(ends, 1, durationMs),
    '100 B rpc, 64 in flight': (durationMs) => rpcCost(ends, 64, durationMs),
    '100 B one-way': async (durationMs) => (await oneWay(ends, durationMs)).perSecond,
    '100 B one-way, cost': async (durationMs) => (await oneWay(ends, durationMs)).cpuUs,
  };
}

async function rpcCost(ends: Ends, inFlight: number, durationMs: number): Promise<number> {
  const before = process.cpuUsage();
  const end = performance.now() + durationMs;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      await ends.rpc();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return cpuUsSince(before) / done;
}

async function oneWay(
  ends: Ends,
  durationMs: number,
): Promise<{ perSecond: number; cpuUs: number }> {
  const before = process.cpuUsage();
  const startMs = performance.now();
  const already = ends.received();
  let sent = 0;
  while (performance.now() < startMs + durationMs) {
    for (let i = 0; i < BURST; i += 1) {
      if (ends.send()) sent += 1;
      else await ends.drained();
    }
    await nextTurn();
  }
  while (ends.received() < already + sent) await nextTurn();
  const seconds = (performance.now() - startMs) / 1_000;
  return { perSecond: sent / seconds, cpuUs: cpuUsSince(before) / sent };
}

function cpuUsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
