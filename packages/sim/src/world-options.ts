/** What a world is made with, what waiting for it is bounded by, and what it counts. */
import type { DiskOptions } from './disk.ts';
import type { SimulationError } from './errors.ts';
import type { NetworkCounts } from './network.ts';
import type { NetworkOptions } from './network-options.ts';
import type { Schedule } from './schedule.ts';
import type { World } from './world.ts';

export interface WorldOptions {
  /** A whole number; all chance in the world follows from it. */
  readonly seed: number;
  /** Keeps the list of events, for people. @default false */
  readonly trace?: boolean;
  /** How long that list gets before its older half is dropped. @default 1,000,000 */
  readonly maxTraceEvents?: number;
  readonly network?: Partial<NetworkOptions>;
  readonly disk?: Partial<DiskOptions>;
  /** What wall clocks show when the world begins, in ms since 1970. @default 2024-01-01 */
  readonly wallMs?: number;
  /** Events at one instant before the world is declared stuck. @default 1,000,000 */
  readonly maxEventsPerInstant?: number;
  /** Takes what nodes throw, and the run goes on. @default the first such error ends the run */
  readonly onNodeError?: (error: SimulationError) => void;
  /** What `explore` hands to a scenario, so that it can shrink a failing run. @default none */
  readonly schedule?: Schedule<World> | undefined;
}

export interface WaitOptions {
  /** Gives up with `SIM_NOT_REACHED` after this much virtual time. */
  readonly withinMs: number;
  readonly signal?: AbortSignal;
}

export interface WorldCounts extends NetworkCounts {
  /** Events that have happened. */
  readonly events: number;
  /** Messages, timers and syncs that reached a node; not the script, nor connections. */
  readonly nodeEvents: number;
  readonly crashes: number;
  readonly restarts: number;
  readonly pauses: number;
  readonly partitions: number;
}
