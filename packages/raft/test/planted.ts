/**
 * Raft with one mistake each: the search through schedules, which sees the group from outside, has
 * to notice, and to show it in few steps; in the log on disk the sweep over its faults has to.
 * `npm run planted -- raft` prints the table.
 */

import { raftRules } from '../src/core/rules.ts';
import type { Changes } from '../src/machine/changes.ts';
import { KeyValueMachine } from '../src/machine/store-machine.ts';
import type { Configuration } from '../src/members/configuration.ts';
import { LogViolation } from './log/log-model.ts';
import { sweepLog, WORKLOAD_ACTIONS } from './log/log-sweep.ts';
import { type PlantedLogBug, plantedLogs } from './log/planted-logs.ts';
import { replay, runSchedule, type ScheduleRun, shrinkSchedule } from './schedules/run-schedule.ts';
import type { Planted } from './schedules/simulated-member.ts';

export interface PlantedBug extends Planted {
  readonly name: string;
}

/** Applies every command, whoever sent it before. */
class ForgetfulMachine extends KeyValueMachine {
  protected override applyEntry(
    entry: Parameters<KeyValueMachine['apply']>[0][number],
    changes: Changes,
  ): ReturnType<KeyValueMachine['applyEntry']> {
    return super.applyEntry({ ...entry, tag: undefined }, changes);
  }
}

/** Leaves the answers of sessions out of its snapshots. */
class AmnesicMachine extends KeyValueMachine {
  protected override *snapshotRecords(
    source: Parameters<KeyValueMachine['snapshotRecords']>[0],
  ): ReturnType<KeyValueMachine['snapshotRecords']> {
    for (const record of super.snapshotRecords(source)) if (record.key[0] !== 3) yield record;
  }
}

function withLearners(all: Configuration): Configuration {
  return { ...all, voters: [...all.voters, ...all.learners] };
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a vote is not persisted',
    alterWrite: ({ hardState, ...write }) => {
      return { ...write, hardState: hardState && { ...hardState, votedFor: undefined } };
    },
  },
  {
    name: 'a term is not persisted',
    alterWrite: (write) => ({ ...write, hardState: undefined }),
  },
  {
    name: 'an older term is committed by counting',
    rules: { mayCommit: () => true },
  },
  {
    name: 'an append is acknowledged before it is on disk',
    syncsTooEarly: true,
  },
  {
    name: 'a deposed leader serves reads',
    rules: { stillLeads: () => true },
  },
  {
    name: 'a new leader serves reads before it has committed',
    rules: { knowsCommitIndex: () => true },
  },
  { name: 'a retried write is applied twice', Machine: ForgetfulMachine },
  { name: 'session answers are lost on snapshot', Machine: AmnesicMachine },
  {
    name: 'a stale append truncates the log',
    rules: {
      firstConflict: (firstIndex, terms, ownTerm) => {
        const conflict = raftRules.firstConflict(firstIndex, terms, ownTerm);
        const end = firstIndex + terms.length;
        return conflict ?? (ownTerm(end) === undefined ? undefined : end);
      },
    },
  },
  {
    name: 'an append is acknowledged by index (ABA)',
    rules: {
      durableIndex: (done, _pending, _unwrittenFrom, ownTerm) => {
        let last = done.lastIndex;
        while (ownTerm(last) === undefined && last > 0) last -= 1;
        return last;
      },
    },
  },
  {
    name: 'a snapshot replaces a newer log',
    rules: { installDecision: () => 'reset-log' },
  },
  { name: 'a member votes twice in a term', rules: { mayVote: () => true } },
  { name: 'a vote goes to an outdated log', rules: { isUpToDate: () => true } },
  {
    name: 'a joint quorum is one of the new members alone',
    rules: {
      agreed: (all, reached) => raftRules.agreed({ ...all, outgoing: [] }, reached),
      isElected: (all, vote) => raftRules.isElected({ ...all, outgoing: [] }, vote),
    },
  },
  {
    name: 'learners count',
    rules: {
      agreed: (all, reached) => raftRules.agreed(withLearners(all), reached),
      isElected: (all, vote) => raftRules.isElected(withLearners(all), vote),
    },
  },
  {
    name: 'members change before the leader has committed in its term',
    rules: { mayChangeMembers: (index, commitIndex) => index <= commitIndex },
  },
  {
    name: 'a configuration counts only once it is committed',
    rules: {
      configurationInForce: (history, commitIndex) =>
        history.findLast(({ index }) => index <= commitIndex) ?? history[0]!,
    },
  },
  { name: 'members change while a change is under way', rules: { mayChangeMembers: () => true } },
  {
    name: 'a joint configuration is left before it is committed',
    rules: { mayLeaveJoint: () => true },
  },
  {
    name: 'a lease does not allow for clocks that drift',
    rules: { leaseHolds: (elapsed, timeout, _, over) => !over && elapsed < timeout },
  },
  {
    name: 'a lease outlives a hand-over of leadership',
    rules: {
      leaseHolds: (elapsed, timeout, drift) => raftRules.leaseHolds(elapsed, timeout, drift, false),
    },
  },
  {
    name: 'a member that restarts forgets whom it heard from',
    rules: { mayHavePromised: () => false },
  },
];

export interface PlantedOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

export interface Caught {
  readonly name: string;
  readonly caught: boolean;
  readonly seeds: number;
  /** In the shrunk schedule. */
  readonly events: number;
  readonly shrunk?: ScheduleRun | undefined;
}

/** A schedule that shows a bug is to be read by people. */
export const MAX_EVENTS = 50;

/** Schedules to make small, should the first ones stay long. */
const MAX_SHRUNK = 5;

/**
 * Runs seed after seed until one notices the bug, and makes that schedule small; should it stay
 * long, so does what further seeds find.
 */
export async function hunt(bug: PlantedBug, options: PlantedOptions): Promise<Caught> {
  const { name, ...planted } = bug;
  const found: { readonly seeds: number; readonly shrunk: ScheduleRun }[] = [];
  for (let seeds = 1; seeds <= options.seeds; seeds += 1) {
    options.signal.throwIfAborted();
    options.progress(`${name}: seed ${seeds}`);
    const run = await runSchedule(options.firstSeed + seeds - 1, planted);
    if (run.broken === undefined) continue;
    found.push({ seeds, shrunk: await shrinkSchedule(run, planted) });
    const withoutBug = await replay(run.settings, found.at(-1)!.shrunk.actions, {});
    if (withoutBug !== undefined) throw withoutBug;
    const isShort = found.at(-1)!.shrunk.actions.length <= MAX_EVENTS;
    if (isShort || found.length === MAX_SHRUNK) break;
  }
  const [first] = found;
  if (first === undefined) return { name, caught: false, seeds: options.seeds, events: 0 };
  const [shrunk] = found
    .map((each) => each.shrunk)
    .sort((a, b) => a.actions.length - b.actions.length);
  return { name, caught: true, seeds: first.seeds, events: shrunk!.actions.length, shrunk };
}

/** Runs the sweep over a log's faults, seed after seed, until it notices the bug. */
export async function huntInLog(bug: PlantedLogBug, options: PlantedOptions): Promise<Caught> {
  const { name, ...planted } = bug;
  for (let seeds = 1; seeds <= options.seeds; seeds += 1) {
    options.signal.throwIfAborted();
    options.progress(`${name}: seed ${seeds}`);
    const noticed = await sweepLog(options.firstSeed + seeds - 1, planted).then(
      () => false,
      (error) => error instanceof LogViolation,
    );
    if (noticed) return { name, caught: true, seeds, events: WORKLOAD_ACTIONS };
  }
  return { name, caught: false, seeds: options.seeds, events: 0 };
}

export async function run(options: PlantedOptions): Promise<{ bugs: Omit<Caught, 'shrunk'>[] }> {
  const bugs: Omit<Caught, 'shrunk'>[] = [];
  for (const bug of plantedBugs) {
    const { shrunk: _, ...caught } = await hunt(bug, options);
    bugs.push(caught);
  }
  for (const bug of plantedLogs) bugs.push(await huntInLog(bug, options));
  return { bugs };
}
