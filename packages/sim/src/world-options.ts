/** What a world is made with, what waiting for it is bounded by, and what it counts. */
import type { DiskOptions } from './disk/disk-options.ts';
import type { SimulationError } from './errors.ts';
import type { NetworkCounts } from './network/network.ts';
import type { NetworkOptions } from './network/network-options.ts';
import type { Schedule } from './runner/schedule.ts';

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
  /** Events before the scenario counts as endless. @default 1,000,000,000 */
  readonly maxEvents?: number;
  /** Virtual time before the scenario counts as endless. @default a hundred years */
  readonly maxVirtualMs?: number;
  /** Lets hosted code use the host's time and chance: no two runs are then alike. @default false */
  readonly allowRealWorld?: boolean;
  /** `close` then fails when a node that stopped left a timer or a sync behind. @default false */
  readonly leavesNothing?: boolean;
  /** Takes what nodes throw, and the run goes on. @default the first such error ends the run */
  readonly onNodeError?: (error: SimulationError) => void;
  /** What `explore` hands to a scenario, so that it can shrink a failing run. @default none */
  readonly schedule?: Schedule | undefined;
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

const CENTURY_MS = 100 * 365 * 86_400_000;

/** The options with their defaults; the parts that a port checks itself are left as they are. */
export function resolveWorldOptions({
  schedule,
  trace = schedule?.trace ?? false,
  maxTraceEvents = 1_000_000,
  wallMs = Date.UTC(2024, 0, 1),
  maxEventsPerInstant = 1_000_000,
  maxEvents = 1_000_000_000,
  maxVirtualMs = CENTURY_MS,
  allowRealWorld = false,
  leavesNothing = false,
  onNodeError,
  ...given
}: WorldOptions): ResolvedWorldOptions {
  if (!(maxTraceEvents >= 2 && maxTraceEvents <= 2 ** 27)) {
    throw new RangeError(`maxTraceEvents lies between 2 and 2^27, got ${maxTraceEvents}`);
  }
  for (const [name, value] of Object.entries({ maxEventsPerInstant, maxEvents, maxVirtualMs })) {
    if (!(value >= 1 && Number.isFinite(value))) {
      throw new RangeError(`${name} is finite and at least 1, got ${value}`);
    }
  }
  if (!Number.isFinite(wallMs)) throw new RangeError(`wallMs is finite, got ${wallMs}`);
  const limits = { maxTraceEvents, maxEventsPerInstant, maxEvents, maxVirtualMs };
  return {
    ...given,
    ...limits,
    schedule,
    trace,
    wallMs,
    allowRealWorld,
    leavesNothing,
    onNodeError,
  };
}

type Defaulted = 'trace' | 'wallMs' | 'allowRealWorld' | 'leavesNothing' | Limits;
type Limits = 'maxTraceEvents' | 'maxEventsPerInstant' | 'maxEvents' | 'maxVirtualMs';

interface ResolvedWorldOptions
  extends Required<Pick<WorldOptions, Defaulted>>,
    Omit<WorldOptions, Defaulted | 'onNodeError'> {
  readonly onNodeError: WorldOptions['onNodeError'] | undefined;
}
