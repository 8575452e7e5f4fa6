/** What a single put took, from the client's side; an outage is a hole, then a spike. */
import type { DemoState } from '../../src/demo/state.ts';
import { Chart, type Line } from './chart.tsx';
import { duration } from './format.ts';

const LINES: readonly Line[] = [
  { name: 'p99', colour: '--late', of: (s) => s.putP99Ms, show: duration },
  { name: 'p50', colour: '--accent', of: (s) => s.putP50Ms, show: duration },
];

export function LatencyChart({ state }: { state: DemoState }) {
  return (
    <Chart
      title="Latency of a durable put"
      state={state}
      lines={LINES}
      bands={[[1, 2]]}
      scale={{ distr: 3, range: (_, least, most) => decades(least, most) }}
      splits={decadesBetween}
      tick={milliseconds}
    />
  );
}

function decades(least: number | null, most: number | null): [number, number] {
  const bottom = 10 ** Math.floor(Math.log10(Math.max(0.1, least || 1)));
  return [bottom, Math.max(bottom * 100, 10 ** Math.ceil(Math.log10(Math.max(1, most || 1))))];
}

function decadesBetween(least: number, most: number): number[] {
  const first = Math.ceil(Math.log10(least) - 1e-9);
  const last = Math.floor(Math.log10(most) + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

function milliseconds(value: number): string {
  return value >= 1_000 ? `${value / 1_000} s` : `${value} ms`;
}
