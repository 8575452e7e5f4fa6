/**
 * How many seeds a random test runs: its own number, times `DS_SEEDS` (1 by default), beginning
 * `DS_FIRST_SEED` (0 by default) behind its own first. `DS_SEED` runs one alone.
 */
export function seedsFrom(first: number, count: number): number[] {
  const { DS_SEED = '', DS_SEEDS = '1', DS_FIRST_SEED = '0' } = process.env;
  if (DS_SEED !== '') return [Number(DS_SEED)];
  const factor = Number(DS_SEEDS);
  if (!(factor > 0)) throw new RangeError(`DS_SEEDS is a positive number, got ${factor}`);
  const length = Math.max(1, Math.round(count * factor));
  return Array.from({ length }, (_, i) => Number(DS_FIRST_SEED) + first + i);
}
