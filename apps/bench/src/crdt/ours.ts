/** Text, a counter and a set of `@ds/crdt`. */
import { type Counts, gCounter, orSet, Text } from '@ds/crdt';
import { ownVersion, runContender } from '../contender.ts';
import { textMeasurements } from './sessions.ts';
import { ELEMENTS, millionPerSecond, REPLICAS } from './simple-load.ts';

const set = orSet<string>();

function counter(offset: number): Counts {
  const state = gCounter.initial();
  for (let replica = 1; replica <= REPLICAS; replica += 1) {
    gCounter.absorb(state, gCounter.mutators.increment(state, replica, 1000 + replica * offset));
  }
  return state;
}

await runContender(
  {
    name: '@ds/crdt',
    version: ownVersion('@ds/crdt'),
    configuration: 'replica ids of 28 bits',
  },
  {
    ...textMeasurements<Text>({
      open: (agent) => new Text({ replica: 2 ** 28 - agent }),
      edit: (text, [position, deleted, inserted]) => {
        const gone = deleted > 0 ? text.delete(position, deleted) : undefined;
        if (inserted === '') return gone;
        const come = text.insert(position, inserted);
        return gone === undefined ? come : new Uint8Array([...gone, ...come]);
      },
      apply: (text, update) => text.apply(update),
      text: String,
      save: (text) => text.save(),
      load: (bytes) => Text.load(bytes, { replica: 3 }).toString(),
    }),
    'G-Counter of 16, joined in place': async (durationMs) => {
      const [state, one, other] = [counter(1), counter(2), counter(3)];
      return millionPerSecond(durationMs, (count) => {
        for (let index = 0; index < count; index += 2) {
          gCounter.absorb(state, one);
          gCounter.absorb(state, other);
        }
      });
    },
    'G-Counter of 16, joined': async (durationMs) => {
      const [one, other] = [counter(1), counter(2)];
      return millionPerSecond(durationMs, (count) => {
        for (let index = 0; index < count; index += 1) gCounter.join(one, other);
      });
    },
    'OR-Set, adds': async (durationMs) => {
      let state = set.initial();
      return millionPerSecond(durationMs, (count) => {
        for (let index = 0; index < count; index += 1) {
          if (index % ELEMENTS.length === 0) state = set.initial();
          const element = ELEMENTS[index % ELEMENTS.length] as string;
          set.absorb(state, set.mutators.add(state, 1, element));
        }
      });
    },
    'OR-Set, merged': async (durationMs) => {
      const states = [1, 2].map((replica) => {
        const state = set.initial();
        for (const element of ELEMENTS) {
          set.absorb(state, set.mutators.add(state, replica, element));
        }
        return state;
      });
      const [one, other] = states as [(typeof states)[0], (typeof states)[0]];
      const merged = set.join(one as NonNullable<typeof one>, other as NonNullable<typeof other>);
      const rate = await millionPerSecond(durationMs, (count) => {
        for (let index = 0; index < count; index += ELEMENTS.length) {
          set.absorb(merged, other as NonNullable<typeof other>);
        }
      });
      return rate;
    },
  },
);
