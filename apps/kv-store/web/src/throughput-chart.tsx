/** Requests that clients got answered, per second. A batch of the import counts as one. */
import type { DemoState } from '../../src/demo/state.ts';
import { Chart, type Line } from './chart.tsx';
import { count } from './format.ts';

const LINES: readonly Line[] = [
  { name: 'puts', colour: '--accent', filled: true, of: (s) => s.putsPerSecond, show: count },
  { name: 'reads', colour: '--read', of: (s) => s.readsPerSecond, show: count },
  { name: 'import batches', colour: '--batch', of: (s) => s.batchesPerSecond, show: count },
];

const LEAST_TOP = 20;

export function ThroughputChart({ state }: { state: DemoState }) {
  return (
    <Chart
      title="Requests per second"
      state={state}
      lines={LINES}
      scale={{ range: (_, __, most) => [0, Math.max(LEAST_TOP, (most || 0) * 1.08)] }}
      tick={(value) => (value >= 1_000 ? `${value / 1_000}k` : String(value))}
    />
  );
}
