/** How many seeds a random test runs: its own number, times `DS_SEEDS` (1 by default). */
export function seedsFrom(first: number, count: number): number[] {
  const factor = Number(process.env.DS_SEEDS ?? 1);
  if (!(factor > 0)) throw new RangeError(`DS_SEEDS is a positive number, got ${factor}`);
  return Array.from({ length: Math.max(1, Math.round(count * factor)) }, (_, i) => first + i);
}
