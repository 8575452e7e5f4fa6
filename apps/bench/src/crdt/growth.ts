/** `npm run bench -- crdt --growth`: what an edit costs in documents of 10,000 to 1,000,000. */
import { Text } from '@ds/crdt';
import type { RunContext } from '../bench.ts';
import { repeat } from './sessions.ts';

const SIZES = [10_000, 30_000, 100_000, 300_000, 1_000_000];
const EDITS = 20_000;

export async function growth({ progress }: RunContext): Promise<object> {
  const rows = SIZES.map((characters) => {
    progress(`${characters} characters`);
    const text = new Text({ replica: 1 });
    let state = 7;
    const draw = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    while (text.length < characters) text.insert(draw(text.length + 1), 'ten more. ');
    const ms = repeat(() => {
      for (let edit = 0; edit < EDITS; edit += 1) {
        text.insert(draw(text.length), 'x');
        text.delete(draw(text.length));
      }
    }, 5);
    return { characters, microsecondsPerEdit: (1000 * ms) / (2 * EDITS) };
  });
  return { package: 'crdt', rows };
}
