/** What the machine can do at most: no clock, only the step that no clock can leave out. */
import { randomUUID } from 'node:crypto';
import { runContender } from '../contender.ts';
import { entries, rateOf } from './load.ts';

const [a, b] = [0, 1].map((ahead) => Float64Array.from(entries(ahead), ([, counter]) => counter));
if (!a || !b) throw new Error('two vectors');
const merged = a.slice();

function compare(one: Float64Array, other: Float64Array): number {
  let seen = 0;
  for (let i = 0; i < one.length; i += 1) {
    if (one[i]! < other[i]!) seen |= 1;
    else if (one[i]! > other[i]!) seen |= 2;
  }
  return seen;
}

function merge(one: Float64Array, other: Float64Array): number {
  for (let i = 0; i < one.length; i += 1) if (other[i]! > one[i]!) one[i] = other[i]!;
  return one[0]!;
}

await runContender(
  {
    name: 'floor',
    version: process.version,
    configuration: 'Date.now(); a loop over two Float64Arrays; crypto.randomUUID()',
  },
  {
    'a. hybrid timestamp, real clock': rateOf(() => Date.now()),
    'c. compare vectors of 16': rateOf(() => compare(a, b)),
    'e. merge vectors of 16 in place': rateOf(() => merge(merged, b)),
    'f. sortable id as text': rateOf(() => randomUUID().length),
  },
);
