/**
 * A history as a picture: one row per process, one bar per operation from its call to its return,
 * the operation that no order explains marked.
 *
 * Times are drawn by rank, not to scale: what counts is which operations overlap. Of a long history
 * the window around the marked operation is drawn, `maxOperations` wide.
 */
import type { Operation } from '../checkers/history.ts';
import { text } from '../checkers/models.ts';
import { escapeXml, svgDocument, textWidth } from './svg.ts';

export interface TimelineOptions<Input, Output> {
  /** Operations to mark: `[violation.stuckAt]`, or the ones a checker names. */
  readonly marked?: readonly number[];
  /** What it says below the picture. */
  readonly caption?: string;
  /** An operation in words. @default its input and output as JSON */
  readonly describe?: (input: Input, output: Output | undefined) => string;
  /** How many operations are drawn. @default 40 */
  readonly maxOperations?: number;
}

interface Bar {
  readonly index: number;
  readonly row: number;
  /** Ranks of the moments drawn; a bar without a return has the end of the picture. */
  readonly from: number;
  readonly to: number;
  readonly open: boolean;
  readonly words: string;
  readonly marked: boolean;
}

interface Layout {
  readonly rows: readonly string[];
  readonly bars: readonly Bar[];
  readonly ranks: number;
}

/** For a terminal. */
export function timelineText<Input, Output>(
  history: readonly Operation<Input, Output>[],
  options: TimelineOptions<Input, Output> = {},
): string {
  const { rows, bars, ranks } = layout(history, options);
  const wide = Math.max(0, ...rows.map((row) => row.length));
  const columnOf = columnsOf(bars, ranks);
  const lines: string[] = [];
  for (const [row, name] of rows.entries()) {
    let line = `${name.padEnd(wide)}  `;
    const start = line.length;
    for (const bar of bars.filter((each) => each.row === row)) {
      const [from, to] = [start + columnOf[bar.from]!, start + columnOf[bar.to]!];
      const words = bar.marked ? `!! ${bar.words}` : bar.words;
      const body = ` ${words} `.padEnd(to - from - 1, bar.open ? '.' : '-');
      line = `${line.padEnd(from)}|${body}${bar.open ? '?' : '|'}`;
    }
    lines.push(line.trimEnd());
  }
  if (options.caption !== undefined) lines.push('', options.caption);
  return lines.join('\n');
}

const MAX_WORDS = 47;
const ROW_PX = 46;
const MARGIN_PX = 24;

/** For a page: a whole SVG document. */
export function timelineSvg<Input, Output>(
  history: readonly Operation<Input, Output>[],
  options: TimelineOptions<Input, Output> = {},
): string {
  const { rows, bars, ranks } = layout(history, options);
  const columnOf = columnsOf(bars, ranks).map((column) => column * 7.2);
  const leftPx = MARGIN_PX + Math.max(0, ...rows.map((row) => textWidth(row, 13))) + 18;
  const end = leftPx + (columnOf.at(-1) ?? 0);
  const parts: string[] = [];
  for (const [row, name] of rows.entries()) {
    const y = MARGIN_PX + row * ROW_PX + ROW_PX / 2;
    parts.push(
      `<line class="rule" x1="${leftPx - 8}" y1="${y}" x2="${end + 8}" y2="${y}"/>`,
      `<text class="name" x="${leftPx - 18}" y="${y + 4}">${escapeXml(name)}</text>`,
    );
  }
  for (const bar of bars) {
    const x = leftPx + columnOf[bar.from]!;
    const width = columnOf[bar.to]! - columnOf[bar.from]!;
    const y = MARGIN_PX + bar.row * ROW_PX + 9;
    const kind = bar.marked ? 'bad' : bar.open ? 'open' : 'bar';
    parts.push(
      `<rect class="${kind}" x="${x}" y="${y}" width="${width}" height="28" rx="5"/>`,
      `<text class="words" x="${x + width / 2}" y="${y + 18}">${escapeXml(bar.words)}</text>`,
    );
  }
  let height = MARGIN_PX * 2 + rows.length * ROW_PX;
  const caption = options.caption?.split('\n') ?? [];
  for (const line of caption) {
    parts.push(`<text class="caption" x="${MARGIN_PX}" y="${height}">${escapeXml(line)}</text>`);
    height += 18;
  }
  const captionPx = Math.max(0, ...caption.map((line) => textWidth(line, 12)));
  return svgDocument({
    width: Math.ceil(Math.max(end + 8, MARGIN_PX + captionPx) + MARGIN_PX),
    height: height + (caption.length > 0 ? 4 : 0),
    title: 'history',
    style: STYLE,
    parts,
  });
}

const STYLE = `
  text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1f2937; }
  .name { font-weight: 600; font-size: 13px; text-anchor: end; }
  .words { text-anchor: middle; }
  .rule { stroke: #d1d5db; stroke-width: 1.5; }
  .bar { fill: #dbeafe; stroke: #60a5fa; }
  .open { fill: #f3f4f6; stroke: #9ca3af; stroke-dasharray: 4 3; }
  .bad { fill: #fee2e2; stroke: #dc2626; stroke-width: 2; }
  .caption { fill: #b91c1c; }`;

function layout<Input, Output>(
  history: readonly Operation<Input, Output>[],
  { marked = [], describe = inWords, maxOperations = 40 }: TimelineOptions<Input, Output>,
): Layout {
  const shown = windowOf(history, marked, maxOperations);
  const moments = shown
    .flatMap((index) => {
      const { callAt, returnAt } = history[index]!;
      return returnAt === undefined
        ? [{ index, at: callAt, isCall: true }]
        : [
            { index, at: callAt, isCall: true },
            { index, at: returnAt, isCall: false },
          ];
    })
    .sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall));
  const rankOf = new Map(moments.map(({ index, isCall }, rank) => [`${index} ${isCall}`, rank]));
  const rows: string[] = [];
  /** The rank up to which a row is taken: a process that gave up on a call may have made another. */
  const takenTo: number[] = [];
  const bars = shown.map((index): Bar => {
    const { input, output, process, returnAt } = history[index]!;
    const from = rankOf.get(`${index} true`)!;
    const open = returnAt === undefined;
    const to = open ? moments.length : rankOf.get(`${index} false`)!;
    const name = process === undefined ? `#${index}` : String(process);
    let row = rows.findIndex((each, i) => each === name && takenTo[i]! <= from);
    if (row < 0) row = rows.push(name) - 1;
    takenTo[row] = to;
    return {
      index,
      row,
      from,
      to,
      open,
      words: shortened(describe(input, output)),
      marked: marked.includes(index),
    };
  });
  return { ...sortRows(rows, bars), ranks: moments.length + 1 };
}

function sortRows(
  rows: readonly string[],
  bars: readonly Bar[],
): { rows: readonly string[]; bars: readonly Bar[] } {
  const order = [...rows.keys()].sort((a, b) => rows[a]!.localeCompare(rows[b]!) || a - b);
  return {
    rows: order.map((row) => rows[row]!),
    bars: bars.map((bar) => ({ ...bar, row: order.indexOf(bar.row) })),
  };
}

/** The operations to draw, by their calls: all, or those around the first marked one. */
function windowOf(
  history: readonly Operation<unknown, unknown>[],
  marked: readonly number[],
  max: number,
): number[] {
  const order = [...history.keys()].sort((a, b) => history[a]!.callAt - history[b]!.callAt);
  if (order.length <= max) return order;
  const middle = marked[0] === undefined ? order.length - 1 : order.indexOf(marked[0]);
  const from = Math.min(Math.max(0, middle - Math.floor((max * 3) / 4)), order.length - max);
  return order.slice(from, from + max);
}

/** Where each rank is drawn, in characters, so that all words fit between their two moments. */
function columnsOf(bars: readonly Bar[], ranks: number): number[] {
  const columns = new Array<number>(ranks).fill(0);
  for (let rank = 1; rank < ranks; rank += 1) {
    columns[rank] = columns[rank - 1]! + 2;
    for (const { from, to, words, marked } of bars) {
      if (to !== rank) continue;
      const least = columns[from]! + words.length + (marked ? 6 : 3);
      columns[rank] = Math.max(columns[rank]!, least);
    }
  }
  return columns;
}

/** Both ends of what is long: how a value ends tells as much as how it begins. */
function shortened(words: string): string {
  if (words.length <= MAX_WORDS) return words;
  const half = Math.floor((MAX_WORDS - 1) / 2);
  return `${words.slice(0, half)}…${words.slice(-half)}`;
}

function inWords(input: unknown, output: unknown): string {
  return `${text(input)} -> ${text(output)}`;
}
