/** The result for people: a Markdown table, ready for a README. */
import type { Result } from './bench.ts';

export function table({ rows, contenders, machine, rounds, syncs }: Result): string {
  const head = ['', 'unit', 'ours', 'peer', 'times better', 'target', 'met'];
  const body = rows.map((row) => [
    row.name,
    row.unit,
    figure(row.ours),
    `${figure(row.peer)} (${row.peerName})`,
    row.ratio.toFixed(2),
    row.target ?? '',
    row.met === null ? '' : row.met ? 'yes' : 'no',
  ]);
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`);
  const notes = contenders.map(
    ({ name, version, configuration }) => `- ${name} ${version}: ${configuration}`,
  );
  const counted = Object.entries(syncs ?? {}).map(([name, count]) => `${name} ${count}`);
  const syncNote = counted.length > 0 ? `Syncs seen by strace: ${counted.join(', ')}.` : '';
  return [`${machine}, medians of ${rounds} rounds.`, '', ...lines, '', ...notes, syncNote]
    .join('\n')
    .trimEnd();
}

/** Three significant digits, and thousands set apart. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = digits === 0 ? Math.round(value) : Number(value.toFixed(Math.min(digits, 6)));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 6 });
}
