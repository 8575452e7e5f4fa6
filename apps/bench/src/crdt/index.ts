/**
 * Text beside the libraries one would otherwise take, on two recorded editing sessions: a paper
 * typed by one person (259,778 edits), and a story by two at once (26,078). Counters and sets
 * beside the bare loops that they cannot beat.
 *
 * Times are CPU of the whole process. Memory is heap and array buffers after a collection;
 * what a library keeps in WebAssembly is not in it.
 */
import type { Bench } from '../bench.ts';
import { growth } from './growth.ts';

export const bench: Bench = {
  package: 'crdt',
  ours: 'ours',
  peers: ['yjs', 'json-joy', 'loro', 'automerge', 'diamond-types', 'bare-loops'],
  measures: [
    {
      ...{ name: 'paper, an update per edit', unit: 'ms', better: 'lower' },
      target: 'ours <= 150',
    },
    { name: 'paper, edits in batches', unit: 'ms', better: 'lower' },
    {
      ...{ name: 'paper, saved with all there is', unit: 'bytes', better: 'lower' },
      target: 'ours <= 105000',
    },
    { name: 'paper, loaded to text', unit: 'ms', better: 'lower', target: 'ours <= 1' },
    { name: 'paper, memory held', unit: 'MB', better: 'lower', target: 'ours <= 0.5' },
    { name: 'paper, bytes per edit', unit: 'bytes', better: 'lower', target: 'ours <= 8' },
    {
      ...{ name: 'story, updates applied one by one', unit: 'ms', better: 'lower' },
      target: 'ours <= 20',
    },
    {
      ...{ name: 'G-Counter of 16, joined in place', unit: 'million/s', better: 'higher' },
      target: 'ours >= 20',
    },
    { name: 'G-Counter of 16, joined', unit: 'million/s', better: 'higher', target: 'ours >= 2' },
    { name: 'OR-Set, adds', unit: 'million/s', better: 'higher', target: 'ours >= 2' },
    {
      ...{ name: 'OR-Set, merged', unit: 'million elements/s', better: 'higher' },
      target: 'ours >= 5',
    },
  ],
  instead: { growth },
};
