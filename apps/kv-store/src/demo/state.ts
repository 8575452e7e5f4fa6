/**
 * What the supervisor knows, in the shape in which it reaches the dashboard: plain data, no
 * behaviour, so that the page imports these names and nothing else of the supervisor.
 *
 * All times are milliseconds since the demo started (`atMs`), never wall time: a page that loads
 * late or sleeps for an hour draws the same picture.
 */

export type NodeRole = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/**
 * `stopped` is a process that ended by itself, `killed` one that was ended from here. `joining` has
 * no vote yet, `leaving` soon none any more.
 */
export type NodeState =
  | 'starting'
  | 'joining'
  | 'running'
  | 'cut off'
  | 'killed'
  | 'stopped'
  | 'leaving';

/** As many as the page has room for. */
export const MAX_NODES = 5;
/** The fewest of which one may fail. */
export const MIN_NODES = 3;

/** The part of a server's `GET /status` that the demo reads. */
export interface NodeStatus {
  readonly id: string;
  readonly role: NodeRole;
  readonly term: number;
  readonly leader?: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly pid: number;
  readonly isolated?: boolean;
  /** Those with a vote. */
  readonly voters?: readonly string[];
  readonly snapshotsInstalled?: number;
  /** Requests this process has answered to its own clients. */
  readonly counters?: { readonly writes: number; readonly reads: number };
}

export interface NodeView {
  readonly id: string;
  readonly state: NodeState;
  readonly httpUrl: string;
  readonly pid?: number;
  /** The last answer; a dead node keeps the one from before its death. */
  readonly status?: NodeStatus;
}

/** One tick of the meter: requests per second by kind, and what a single put took. */
export interface Sample {
  readonly atMs: number;
  readonly putsPerSecond: number;
  readonly readsPerSecond: number;
  readonly batchesPerSecond: number;
  /** `null` when no put was acknowledged in this tick: a hole in the line, not a zero. */
  readonly putP50Ms: number | null;
  readonly putP99Ms: number | null;
}

export type EventKind =
  | 'note'
  | 'kill'
  | 'cut'
  | 'restart'
  | 'rejoin'
  | 'join'
  | 'joined'
  | 'left'
  | 'caught-up'
  | 'leader'
  | 'resumed'
  | 'verified'
  | 'trouble';

export interface DemoEvent {
  readonly sequence: number;
  readonly atMs: number;
  readonly kind: EventKind;
  readonly node?: string;
  readonly text: string;
}

export type Phase = 'starting' | 'importing' | 'verifying' | 'ready' | 'failed';

/** What was done to a node while records were coming in, at the record where it happened. */
export interface PlanMark {
  readonly records: number;
  readonly node: string;
  readonly what: 'leader killed' | 'follower killed' | 'joined' | 'removed';
}

export interface ImportView {
  readonly source: string;
  readonly total: number;
  /** Records whose write was acknowledged. */
  readonly records: number;
  readonly perSecond: number;
  readonly marks: readonly PlanMark[];
  /** Records read back so far, over all nodes, and how many there are to read. */
  readonly readBack: number;
  readonly copies: number;
  readonly verdict?: { readonly lost: number; readonly wrong: number };
}

/** How hard the live clients work; not part of the import. */
export type Load = 'off' | 'light' | 'heavy';

export interface Elections {
  readonly count: number;
  readonly p50Ms: number;
  readonly maxMs: number;
}

/** Everything that changes from tick to tick. */
export interface DemoTick {
  readonly nowMs: number;
  readonly phase: Phase;
  readonly load: Load;
  readonly nodes: readonly NodeView[];
  readonly import: ImportView;
  readonly elections: Elections;
}

/** `GET /api/state`, and the first event of `GET /api/events`. */
export interface DemoState extends DemoTick {
  readonly sampleEveryMs: number;
  readonly samples: readonly Sample[];
  readonly events: readonly DemoEvent[];
}

/** The later events of `GET /api/events`: the tick, and what has come since the last one. */
export interface DemoUpdate extends DemoTick {
  readonly samples: readonly Sample[];
  readonly events: readonly DemoEvent[];
}
