/** Numbers and times as the page spells them. */

export function count(value: number): string {
  return value.toLocaleString('en');
}

/** `4:07`, time since the demo started. */
export function clock(atMs: number): string {
  const seconds = Math.floor(atMs / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Three significant places: `0.84 ms`, `12.3 ms`, `1.2 s`. */
export function duration(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(ms >= 10_000 ? 0 : 1)} s`;
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`;
}
