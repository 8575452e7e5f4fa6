/**
 * Commits per second in memory: three members on one thread, through driver, memory transport and
 * memory log. No other Raft for JavaScript was found that has a log, compaction and membership to
 * measure against, so the peer is a ceiling: the same messages over the same network between three
 * nodes that agree on nothing, a leader that counts answers.
 */
import type { Bench } from '../bench.ts';

export const bench: Bench = {
  package: 'raft',
  ours: 'ours',
  peers: ['bare-majority'],
  measures: [
    { name: '1 in flight', unit: 'commits/s', better: 'higher', target: 'ours >= 50000' },
    { name: '64 in flight', unit: 'commits/s', better: 'higher' },
    { name: '256 in flight', unit: 'commits/s', better: 'higher', target: 'ours >= 500000' },
    { name: 'linearizable reads, 256 in flight', unit: 'reads/s', better: 'higher' },
  ],
};
