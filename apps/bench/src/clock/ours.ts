/** The clocks of this repository. */
import {
  decodeVersionVector,
  encodeVersionVector,
  HybridLogicalClock,
  SortableIds,
  VersionVector,
} from '@ds/clock';
import { ownVersion, runContender } from '../contender.ts';
import { entries, rateOf, rateOfPairs } from './load.ts';

const clock = new HybridLogicalClock();
const sender = new HybridLogicalClock();
const remote = sender.now();
const [a, b] = [VersionVector.from(entries(0)), VersionVector.from(entries(1))];
const merged = a.clone();
const encoded = encodeVersionVector(b);
const ids = new SortableIds();

await runContender(
  {
    name: '@ds/clock',
    version: ownVersion('@ds/clock'),
    configuration: 'the system clock behind the port; decoded vectors where each is compared once',
  },
  {
    'a. hybrid timestamp, real clock': rateOf(() => clock.now().logical),
    'b. hybrid receipt, real clock': rateOf(() => clock.receive(remote).logical),
    'c. compare vectors of 16': rateOf(() => a.compare(b).length),
    'd. compare vectors of 16, each pair once': rateOfPairs(
      () => decodeVersionVector(encoded),
      (one, other) => one.compare(other).length,
    ),
    'e. merge vectors of 16 in place': rateOf(() => Number(merged.merge(b))),
    'f. sortable id as text': rateOf(() => ids.next().length),
  },
);
