/**
 * The name of one update: the `counter`-th of replica `id`. No two updates share one, and so a dot
 * says exactly which update is meant, where a version vector says "all up to".
 */
export interface Dot {
  readonly id: string;
  readonly counter: number;
}

export function equalDots(a: Dot, b: Dot): boolean {
  return a.counter === b.counter && a.id === b.id;
}

/** A total order, by counter and then by id: a number as `sort` wants it. */
export function compareDots(a: Dot, b: Dot): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
