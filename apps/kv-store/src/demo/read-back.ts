/**
 * The proof: every record is read back from each node's own state and compared with the source.
 *
 * Each node is asked with `?consistency=stale`, so it answers from what it holds itself, and only
 * once it has applied everything that was committed when the last write was acknowledged. What the
 * live clients wrote is checked too: a node must hold the last acknowledged value, or a later one.
 */
import type { DataSet } from './data-set.ts';
import type { NodeView } from './state.ts';
import { scanNode } from './store.ts';

const CATCH_UP_WITHIN_MS = 120_000;

export interface Verdict {
  /** Records and live keys that a node does not hold, summed over the nodes. */
  readonly lost: number;
  /** Those it holds with another value, and keys under the data set's prefix nobody wrote. */
  readonly wrong: number;
}

/** What reading back needs of the cluster. */
export interface ReadableCluster {
  readonly ids: readonly string[];
  view(id: string): NodeView;
  freshCommitIndex(): Promise<number>;
  waitUntil(
    condition: () => boolean,
    otherwise: string,
    withinMs: number,
    signal: AbortSignal,
  ): Promise<void>;
}

export interface ReadBackOptions {
  readonly cluster: ReadableCluster;
  readonly dataSet: DataSet;
  readonly livePrefix: string;
  readonly live: ReadonlyMap<string, number>;
  readonly onRecord: () => void;
  readonly onNode: (id: string, verdict: Verdict) => void;
  readonly signal: AbortSignal;
}

export async function readBack(options: ReadBackOptions): Promise<Verdict> {
  const { cluster, dataSet, onNode, signal } = options;
  const expected = new Map(dataSet.records.map(({ key, value }) => [key, value]));
  const target = await cluster.freshCommitIndex();
  const verdicts = cluster.ids.map(async (id) => {
    const caughtUp = (): boolean => {
      const { state, status } = cluster.view(id);
      return state === 'running' && (status?.appliedIndex ?? 0) >= target;
    };
    await cluster.waitUntil(caughtUp, `${id} did not catch up`, CATCH_UP_WITHIN_MS, signal);
    const verdict = await readNode(cluster.view(id).httpUrl, expected, options);
    onNode(id, verdict);
    return verdict;
  });
  const all = await Promise.all(verdicts);
  return {
    lost: all.reduce((sum, verdict) => sum + verdict.lost, 0),
    wrong: all.reduce((sum, verdict) => sum + verdict.wrong, 0),
  };
}

async function readNode(
  url: string,
  expected: ReadonlyMap<string, string>,
  { dataSet, livePrefix, live, onRecord, signal }: ReadBackOptions,
): Promise<Verdict> {
  let found = 0;
  let wrong = 0;
  let previous = '';
  for await (const { key, value } of scanNode(url, dataSet.prefix, signal)) {
    const source = expected.get(key);
    // A scan that repeated itself could hide a missing record: keys must rise.
    if (source !== undefined && key > previous) found += 1;
    if (source !== value || key <= previous) wrong += 1;
    previous = key;
    onRecord();
  }
  let lost = expected.size - found;
  const held = new Map<string, string>();
  for await (const { key, value } of scanNode(url, livePrefix, signal)) held.set(key, value);
  for (const [key, value] of live) {
    const now = held.get(key);
    if (now === undefined) lost += 1;
    else if (!(Number(now) >= value)) wrong += 1;
  }
  return { lost, wrong };
}
