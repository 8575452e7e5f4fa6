/** What any counter and set would have to do, and nothing else: a bound, not a library. */
import { runContender } from '../contender.ts';
import { ELEMENTS, millionPerSecond, REPLICAS } from './simple-load.ts';

await runContender(
  { name: 'bare loops', version: process.version, configuration: 'Float64Array; Map of numbers' },
  {
    'G-Counter of 16, joined in place': async (durationMs) => {
      const state = new Float64Array(REPLICAS);
      const sources = [2, 3].map((factor) => state.map((_, index) => index * factor));
      return millionPerSecond(durationMs, (count) => {
        for (let round = 0; round < count; round += 1) {
          const source = sources[round & 1] as Float64Array;
          for (let index = 0; index < REPLICAS; index += 1) {
            const theirs = source[index] as number;
            if (theirs > (state[index] as number)) state[index] = theirs;
          }
        }
      });
    },
    'G-Counter of 16, joined': async (durationMs) => {
      const [one, other] = [1, 2].map((n) => new Float64Array(REPLICAS).fill(n));
      return millionPerSecond(durationMs, (count) => {
        for (let round = 0; round < count; round += 1) {
          (one as Float64Array).map((mine, index) =>
            Math.max(mine, (other as Float64Array)[index] as number),
          );
        }
      });
    },
    'OR-Set, adds': async (durationMs) => {
      let map = new Map<string, number>();
      return millionPerSecond(durationMs, (count) => {
        for (let index = 0; index < count; index += 1) {
          if (index % ELEMENTS.length === 0) map = new Map();
          map.set(ELEMENTS[index % ELEMENTS.length] as string, index);
        }
      });
    },
    'OR-Set, merged': async (durationMs) => {
      const source = new Map(ELEMENTS.map((element, index) => [element, index]));
      const map = new Map(source);
      return millionPerSecond(durationMs, (count) => {
        for (let done = 0; done < count; done += ELEMENTS.length) {
          for (const [element, index] of source) {
            if ((map.get(element) ?? -1) < index) map.set(element, index);
          }
        }
      });
    },
  },
);
