/**
 * What a package's bench declares: which libraries run, what is measured, and what we aim at.
 *
 * The file src/<package>/index.ts exports a `bench`; beside it lies one program for each contender
 * (see contender.ts), so that every library has a process of its own.
 */

/** What counts as met: our own figure, or how many times better than the peer it is. */
export type Target = `${'ours' | 'ratio'} ${'>=' | '<='} ${number}`;

/** One thing that each contender measures under this name. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly target?: Target;
  /** The program of the one peer that the target is about. @default every peer */
  readonly against?: string;
}

/** A part of each program that is run once more under strace. */
export interface SyncedPart {
  /** The row made of it: syncs per operation. */
  readonly measure: Measure;
  /** What makes a program run this part only. */
  readonly arguments: readonly string[];
  readonly operations: number;
}

/** What a bench's other ways to run are given. */
export interface RunContext {
  /** The folder of the programs. */
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
  progress(text: string): void;
}

export interface Bench {
  readonly package: string;
  /** The programs beside the bench's index.ts, without extension: ours first, then the peers. */
  readonly ours: string;
  readonly peers: readonly string[];
  readonly measures: readonly Measure[];
  /** Options of the command line and their defaults; programs are handed `--name=value`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What `--syncs` counts. @default all syncs of the whole program, without a row */
  readonly syncs?: SyncedPart;
  /** Flags that run something else instead; what it returns is printed. */
  readonly instead?: Readonly<Record<string, (context: RunContext) => Promise<object>>>;
}

/** One comparison: a measure, against one peer. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  /** How many times better ours is; less than 1 when it is worse. */
  readonly ratio: number;
  readonly target: Target | null;
  readonly met: boolean | null;
}

/** What a contender's program reports of one round. */
export interface RoundReport {
  readonly name: string;
  readonly version: string;
  readonly configuration: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** Calls that put data on disk, as seen from outside the processes in one round of their own. */
export type SyncCounts = Readonly<Record<string, number>>;

export interface Result {
  readonly package: string;
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  readonly contenders: readonly Pick<RoundReport, 'name' | 'version' | 'configuration'>[];
  readonly rows: readonly Row[];
  readonly syncs?: SyncCounts;
}
