/** Vector clocks as plain objects; its merge makes a new one. */
import { peer, peerVersion, runContender } from '../contender.ts';
import { entries, rateOf, rateOfPairs } from './load.ts';

type Vector = Readonly<Record<string, number>>;

interface VectorClocks {
  compare(a: Vector, b: Vector): number;
  merge(a: Vector, b: Vector): Vector;
}

const { compare, merge } = await peer<VectorClocks>('@thi.ng/vclock');
const [a, b] = [0, 1].map((ahead): Vector => Object.fromEntries(entries(ahead)));
if (!a || !b) throw new Error('two vectors');
const text = JSON.stringify(b);

await runContender(
  {
    name: '@thi.ng/vclock',
    version: peerVersion('@thi.ng/vclock'),
    configuration: 'plain objects, read from JSON where each is compared once',
  },
  {
    'c. compare vectors of 16': rateOf(() => compare(a, b), 1_000),
    'd. compare vectors of 16, each pair once': rateOfPairs(
      () => JSON.parse(text) as Vector,
      compare,
    ),
    'e. merge vectors of 16 in place': rateOf(() => merge(a, b)['node-10'] ?? 0, 1_000),
  },
);
