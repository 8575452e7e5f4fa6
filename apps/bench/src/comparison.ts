/** From the figures of many rounds to one row per measure and peer. Pure. */
import type { Bench, Measure, RoundReport, Row, Target } from './bench.ts';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) throw new RangeError('no values');
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
}

/** Compares the medians over all rounds; a contender that lacks a measure has no row for it. */
export function compare(bench: Bench, reports: ReadonlyMap<string, readonly RoundReport[]>): Row[] {
  return bench.measures.flatMap((measure) =>
    bench.peers.flatMap((program) => {
      const ours = medianOf(measure, reports.get(bench.ours));
      const peer = medianOf(measure, reports.get(program));
      const [report] = reports.get(program) ?? [];
      if (ours === undefined || peer === undefined || !report) return [];
      const isAimedAt = measure.against === undefined || measure.against === program;
      return [row(measure, ours, peer, report.name, isAimedAt)];
    }),
  );
}

function medianOf({ name }: Measure, reports: readonly RoundReport[] = []): number | undefined {
  const values = reports.flatMap(({ figures }) => figures[name] ?? []);
  return values.length > 0 ? median(values) : undefined;
}

function row(
  measure: Measure,
  ours: number,
  peer: number,
  peerName: string,
  isAimedAt: boolean,
): Row {
  const { name, unit, better } = measure;
  const target = isAimedAt ? (measure.target ?? null) : null;
  const ratio = better === 'higher' ? ours / peer : peer / ours;
  const met = target && isMet(target, { ours, ratio });
  return { name, unit, ours, peer, peerName, ratio, target, met };
}

export function isMet(target: Target, figures: { ours: number; ratio: number }): boolean {
  const [of, relation, bound] = target.split(' ') as ['ours' | 'ratio', '>=' | '<=', string];
  return relation === '>=' ? figures[of] >= Number(bound) : figures[of] <= Number(bound);
}
