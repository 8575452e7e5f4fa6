/** The result of one run, as `--json` prints it and as the exit code judges it. */
import type { Elections, PlanMark } from './state.ts';
import type { Supervisor } from './supervisor.ts';
import type { Syncs } from './sync-count.ts';

export interface Outcome {
  readonly records: number;
  /** Records a node did not hold, summed over the nodes. */
  readonly lost: number;
  /** Records a node held with another value, summed over the nodes. */
  readonly wrong: number;
  readonly leaderKills: number;
  readonly followerKills: number;
  /** Nodes that joined with an empty disk, and nodes that were removed, in mid-import. */
  readonly joined: number;
  readonly removed: number;
  /** The write gap: from the SIGKILL of a leader to the first acknowledged write sent after it. */
  readonly elections: Elections;
  /** Imported records acknowledged per second, outages included. */
  readonly writesPerSecond: number;
  /** Requests the clients sent again. */
  readonly retries: number;
  readonly seconds: number;
  /** Single puts acknowledged while the import ran, and what they took. */
  readonly livePuts: number;
  readonly putP50Ms: number;
  /** Linearizable reads that missed the reader's own last write. */
  readonly staleReads: number;
  /** Sync calls by node, counted by strace; only with `--count-syncs`. */
  readonly syncs?: Record<string, Syncs>;
}

export function outcomeOf(
  supervisor: Supervisor,
  records: number,
  verdict: { readonly lost: number; readonly wrong: number },
): Outcome {
  const count = (what: PlanMark['what']): number =>
    supervisor.marks.filter((mark) => mark.what === what).length;
  return {
    records,
    ...verdict,
    leaderKills: count('leader killed'),
    followerKills: count('follower killed'),
    joined: count('joined'),
    removed: count('removed'),
    elections: supervisor.meter.elections(),
    writesPerSecond: supervisor.importedPerSecond,
    retries: supervisor.retries,
    seconds: Math.round(supervisor.meter.now() / 100) / 10,
    livePuts: supervisor.meter.acknowledgedPuts,
    putP50Ms: supervisor.meter.medianPutMs(),
    staleReads: supervisor.live.staleReads,
  };
}

/** Whether the run showed what it set out to show. */
export function succeeded(outcome: Outcome): boolean {
  const { records, lost, wrong, staleReads, leaderKills, followerKills, elections } = outcome;
  return (
    records > 0 &&
    lost === 0 &&
    wrong === 0 &&
    staleReads === 0 &&
    leaderKills >= 2 &&
    elections.count >= 2 &&
    followerKills >= 1 &&
    outcome.joined >= 1 &&
    outcome.removed >= 1
  );
}
