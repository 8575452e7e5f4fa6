/** Vector clocks as plain objects, by mixu; its merge makes a new one. */
import { peer, peerVersion, runContender } from '../contender.ts';
import { entries, rateOf, rateOfPairs } from './load.ts';

type Vector = Readonly<Record<string, number>>;

interface VectorClocks {
  compare(a: Vector, b: Vector): number;
  merge(a: { readonly clock: Vector }, b: { readonly clock: Vector }): { readonly clock: Vector };
}

const { default: clocks } = await peer<{ default: VectorClocks }>('vectorclock');
const [a, b] = [0, 1].map((ahead): Vector => Object.fromEntries(entries(ahead)));
if (!a || !b) throw new Error('two vectors');
const text = JSON.stringify(b);

await runContender(
  {
    name: 'vectorclock',
    version: peerVersion('vectorclock'),
    configuration: 'plain objects, read from JSON where each is compared once',
  },
  {
    'c. compare vectors of 16': rateOf(() => clocks.compare(a, b), 1_000),
    'd. compare vectors of 16, each pair once': rateOfPairs(
      () => JSON.parse(text) as Vector,
      (one, other) => clocks.compare(one, other),
    ),
    'e. merge vectors of 16 in place': rateOf(
      () => Object.keys(clocks.merge({ clock: a }, { clock: b })).length,
      1_000,
    ),
  },
);
