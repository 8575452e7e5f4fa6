// A few at a time: as many as there are processors, so that children do not crowd each other out.
import { availableParallelism } from 'node:os';

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => Promise<void>} work
 */
export async function pool(items, work) {
  const queue = [...items];
  const drain = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, drain));
}
