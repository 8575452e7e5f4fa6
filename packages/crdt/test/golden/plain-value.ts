/** What a state says, as JSON has it: sets and maps in order. */
export function plainOf(value: unknown): unknown {
  if (value instanceof Set) return [...value].sort();
  if (value instanceof Map) {
    return [...value].map(([key, inner]) => [key, plainOf(inner)] as const).sort(byKey);
  }
  return value;
}

function byKey([a]: readonly [unknown, unknown], [b]: readonly [unknown, unknown]): number {
  return String(a) < String(b) ? -1 : 1;
}
