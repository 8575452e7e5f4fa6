/**
 * Raft with one mistake each: the simulation, which sees the group from outside, has to notice.
 * `npm run planted -- raft` prints the table.
 */
import type { RaftLog } from '../src/index.ts';
import { raftRules } from '../src/rules.ts';
import { type Changes, KeyValueMachine } from '../src/store-machine.ts';
import { type Planted, RunFailed, runRaft } from './simulation/scenario.ts';

export interface PlantedBug extends Planted {
  readonly name: string;
}

/** The log with some of its calls replaced. */
function wrapped(change: (log: RaftLog) => Partial<RaftLog>): (log: RaftLog) => RaftLog {
  return (log) => {
    const changed = change(log);
    return new Proxy(log, {
      get(target, name) {
        const value = Reflect.get(name in changed ? changed : target, name);
        return typeof value === 'function' && !(name in changed) ? value.bind(target) : value;
      },
    });
  };
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

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a vote is not persisted',
    wrapLog: wrapped((log) => ({
      write: (write) => {
        const { hardState } = write;
        log.write({ ...write, hardState: hardState && { ...hardState, votedFor: undefined } });
      },
    })),
  },
  {
    name: 'a term is not persisted',
    wrapLog: wrapped((log) => ({
      write: (write) => log.write({ ...write, hardState: undefined }),
    })),
  },
  { name: 'an older term is committed by counting', rules: { mayCommit: () => true } },
  {
    name: 'an append is acknowledged before it is on disk',
    wrapLog: wrapped((log) => ({
      sync: () => {
        log.sync().catch(() => {});
        return Promise.resolve();
      },
    })),
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
  readonly events: number;
  readonly message?: string | undefined;
}

/** Runs seed after seed until one notices the bug. */
export async function hunt(bug: PlantedBug, options: PlantedOptions): Promise<Caught> {
  const { name, ...planted } = bug;
  for (let seeds = 1; seeds <= options.seeds; seeds += 1) {
    options.signal.throwIfAborted();
    options.progress(`${name}: seed ${seeds}`);
    try {
      await runRaft(options.firstSeed + seeds - 1, planted);
    } catch (error) {
      if (!(error instanceof RunFailed)) throw error;
      return { name, caught: true, seeds, events: error.events, message: error.message };
    }
  }
  return { name, caught: false, seeds: options.seeds, events: 0 };
}

export async function run(options: PlantedOptions): Promise<{ bugs: Caught[] }> {
  const bugs: Caught[] = [];
  for (const bug of plantedBugs) bugs.push(await hunt(bug, options));
  return { bugs };
}
