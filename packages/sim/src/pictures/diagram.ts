/**
 * A trace as a space-time diagram: one vertical line per node, time downwards, messages as arrows
 * from the moment they were sent to the moment they arrived.
 *
 * Rows are drawn by rank, not to scale, so that every event has room for its words; the time stands
 * at the left. A line is broken while its node is down and hollow while it is paused; lost messages
 * end in a cross; what concerns all nodes, a partition say, is a band across; the violated step is
 * red. Of a long trace the end is drawn, `maxEvents` long.
 */

import type { TraceEvent } from '../kernel/trace.ts';
import { arrow, crossAt, LANE_PX, type Layout, ROW_PX, shape, xOf, yOf } from './diagram-shapes.ts';
import { escapeXml, svgDocument, textWidth } from './svg.ts';
import { readable } from './trace-lines.ts';

export interface DiagramOptions {
  /** What stands above the picture. @default nothing */
  readonly title?: string;
  /** Which nodes have a line, and in which order. @default all of the trace */
  readonly nodes?: readonly string[];
  /** How many events are drawn, counted from the end. @default 200 */
  readonly maxEvents?: number;
}

interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly channel: string;
  readonly message: unknown;
  readonly id: number;
}

const TOP_PX = 74;
const LEFT_PX = 132;

/** A whole SVG document. */
export function diagramSvg(
  trace: readonly TraceEvent[],
  { title, nodes = nodesOf(trace), maxEvents = 200 }: DiagramOptions = {},
): string {
  const drawn = trace.filter(({ node }) => node === undefined || nodes.includes(node));
  // A lost message is part of its sending: it has no moment of its own that anybody sees.
  const lost = new Set(
    drawn.filter(({ kind }) => kind === 'lose').map(({ data }) => (data as Transfer).id),
  );
  const events = drawn.filter(({ kind }) => kind !== 'lose').slice(-maxEvents);
  const titleLines = title === undefined ? [] : title.split('\n');
  const layout: Layout = { nodes, leftPx: LEFT_PX, topPx: TOP_PX + titleLines.length * 20 };
  const lanesEnd = LEFT_PX + (nodes.length - 1) * LANE_PX;
  const bottom = yOf(layout, events.length) + 8;
  const parts = [
    ...titleLines.map(
      (line, i) => `<text class="title" x="24" y="${34 + i * 20}">${escapeXml(line)}</text>`,
    ),
    ...lifelines(events, drawn.length - lost.size > events.length, layout, bottom),
    ...events.flatMap((event, row) => times(event, events[row - 1], layout, row)),
    ...transfers(events, lost, layout),
    ...events.flatMap((event, row) => marks(event, layout, row)),
  ];
  const widest = Math.max(
    ...titleLines.map((line) => 24 + textWidth(line, 13)),
    ...events.map(({ node, kind, data }) => {
      if (kind === 'send' || kind === 'deliver') return 0;
      if (kind === 'violated') return LEFT_PX + textWidth(wordsOf(data, 0), 11) - 150;
      const words = textWidth(`${kind} ${brief(data)}`, 11);
      return node === undefined ? LEFT_PX + words : xOf(layout, node) + words + 30;
    }),
    lanesEnd + LANE_PX / 2,
  );
  return svgDocument({
    width: Math.ceil(widest + 24),
    height: bottom + 24,
    title: title ?? 'space-time diagram',
    style: STYLE,
    defs: ['sent', 'late'].map(arrowHead).join(''),
    parts,
  });
}

function nodesOf(trace: readonly TraceEvent[]): string[] {
  return [...new Set(trace.flatMap(({ node }) => (node === undefined ? [] : [node])))];
}

/** The line of each node, in pieces: up, paused, down. */
function lifelines(
  events: readonly TraceEvent[],
  cut: boolean,
  layout: Layout,
  bottom: number,
): string[] {
  return layout.nodes.flatMap((node) => {
    const x = xOf(layout, node);
    const top = layout.topPx - 18;
    const parts = [
      `<rect class="head" x="${x - 50}" y="${top - 30}" width="100" height="28" rx="6"/>`,
      `<text class="name" x="${x}" y="${top - 11}" text-anchor="middle">${escapeXml(node)}</text>`,
    ];
    const changes = events.flatMap(({ node: who, kind }, row) => {
      const next = who === node ? LINE_AFTER[kind] : undefined;
      return next === undefined ? [] : [{ y: yOf(layout, row), next }];
    });
    // Without its beginning, a node is taken for running until the trace says otherwise.
    let [y, state] = [top, cut ? 'up' : 'down'];
    for (const change of [...changes, { y: bottom, next: 'end' }]) {
      parts.push(`<line class="${state}" x1="${x}" y1="${y}" x2="${x}" y2="${change.y}"/>`);
      [y, state] = [change.y, change.next];
    }
    return parts;
  });
}

const LINE_AFTER: Readonly<Record<string, string>> = {
  start: 'up',
  resume: 'up',
  pause: 'held',
  crash: 'down',
  stop: 'down',
};

function times(
  { atMs }: TraceEvent,
  before: TraceEvent | undefined,
  layout: Layout,
  row: number,
): string[] {
  if (before?.atMs === atMs) return [];
  const y = yOf(layout, row) + 4;
  return [
    `<text class="time" x="${LEFT_PX - 62}" y="${y}" text-anchor="end">${short(atMs)}</text>`,
  ];
}

function transfers(
  events: readonly TraceEvent[],
  lost: ReadonlySet<number>,
  layout: Layout,
): string[] {
  const parts: string[] = [];
  const sent = new Map<number, { row: number; arrived: boolean }>();
  for (const [row, { kind, data }] of events.entries()) {
    if (kind === 'send') sent.set((data as Transfer).id, { row, arrived: false });
    if (kind !== 'deliver') continue;
    const { from, to, id } = data as Transfer;
    const words = labelOf(data as Transfer);
    if (!layout.nodes.includes(from) || !layout.nodes.includes(to)) continue;
    const start = sent.get(id);
    const line = {
      fromX: xOf(layout, from),
      fromY: yOf(layout, start?.row ?? 0),
      toX: xOf(layout, to),
      toY: yOf(layout, row),
      words: start?.arrived === true ? `${words} (again)` : words,
    };
    parts.push(arrow(line, 'arrived'));
    if (start !== undefined) start.arrived = true;
  }
  for (const [id, { row, arrived }] of sent) {
    if (arrived) continue;
    const transfer = events[row]!.data as Transfer;
    const { from, to } = transfer;
    if (from === to || !layout.nodes.includes(to)) continue;
    const isLost = lost.has(id);
    const toY = isLost ? yOf(layout, row + 1) : yOf(layout, events.length) + 8;
    const line = { fromX: xOf(layout, from), fromY: yOf(layout, row), toX: xOf(layout, to), toY };
    parts.push(arrow({ ...line, words: labelOf(transfer) }, isLost ? 'lost' : 'pending'));
  }
  return parts;
}

/** A bare value says too little by itself. */
function labelOf({ channel, message }: Transfer): string {
  return typeof message === 'object' ? brief(message) : `${channel} ${brief(message)}`;
}

/** What happened at a node or to all of them, besides messages. */
function marks({ node, kind, data }: TraceEvent, layout: Layout, row: number): string[] {
  const y = yOf(layout, row);
  if (kind === 'send' || kind === 'deliver') return [shape('dot', xOf(layout, node!), y)];
  if (kind === 'violated') {
    const { property, message } = data as { property: string; message: string };
    const x = node === undefined ? LEFT_PX - 50 : xOf(layout, node);
    const words = message.startsWith(property) ? message : `${property}: ${message}`;
    return [
      band(layout, y, 'violated', '', textWidth(words, 11) + (node === undefined ? 30 : 40)),
      shape('star', x, y),
      `<text class="wrong" x="${x + 16}" y="${y + 4}">${escapeXml(words.split('\n')[0]!)}</text>`,
    ];
  }
  const words = data === undefined ? kind : `${kind} ${brief(data)}`;
  if (node === undefined) return [band(layout, y, 'event', words)];
  const x = xOf(layout, node);
  if (kind === 'crash') return [crossAt(x, y, 'crash'), label(x, y, 'crash')];
  if (kind === 'start')
    return [shape('start', x, y), label(x, y, data === 1 ? '' : `start ${data}`)];
  if (kind in LINE_AFTER) return [shape('ring', x, y), label(x, y, kind)];
  return [shape('square', x, y), label(x, y, words)];
}

function label(x: number, y: number, words: string): string {
  return words === ''
    ? ''
    : `<text class="note" x="${x + 11}" y="${y + 4}">${escapeXml(words)}</text>`;
}

function band(
  { nodes, topPx, leftPx }: Layout,
  y: number,
  kind: string,
  words: string,
  leastPx = 0,
): string {
  const width = Math.max((nodes.length - 1) * LANE_PX + 100, leastPx);
  const height = ROW_PX - 6;
  return (
    `<rect class="band ${kind}" x="${leftPx - 50}" y="${Math.max(topPx - 8, y - height / 2)}" ` +
    `width="${width}" height="${height}" rx="4"/>` +
    `<text class="note" x="${leftPx - 42}" y="${y + 4}">${escapeXml(words)}</text>`
  );
}

/** A message or a fact in a few words: its kind first, then its fields. */
export function brief(value: unknown, max = 44): string {
  const words = wordsOf(value, 0);
  return words.length > max ? `${words.slice(0, max - 1)}…` : words;
}

function wordsOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map((each) => wordsOf(each, depth + 1)).join(' ')}]`;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) {
    return JSON.stringify(readable('', value)) ?? '';
  }
  const { kind, ...fields } = value as Record<string, unknown>;
  const rest = Object.entries(fields).map(([name, each]) => `${name}=${wordsOf(each, depth + 1)}`);
  const all = [...(kind === undefined ? [] : [wordsOf(kind, depth + 1)]), ...rest].join(' ');
  return depth === 0 ? all : `{${all}}`;
}

function short(atMs: number): string {
  return `${Number(atMs.toFixed(2))} ms`;
}

function arrowHead(kind: string): string {
  return (
    `<marker id="${kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" ` +
    `orient="auto"><path class="tip-${kind}" d="M0 1 L9 5 L0 9 z"/></marker>`
  );
}

const STYLE = `
  text { font: 11px ui-monospace, Menlo, Consolas, monospace; fill: #334155; }
  .title { font-size: 13px; font-weight: 600; fill: #0f172a; }
  .name { font-size: 13px; font-weight: 600; fill: #0f172a; }
  .head { fill: #eef2ff; stroke: #818cf8; }
  .time { fill: #94a3b8; font-size: 10px; }
  .up { stroke: #475569; stroke-width: 2; }
  .down { stroke: #cbd5e1; stroke-width: 1.5; stroke-dasharray: 2 5; }
  .held { stroke: #fbbf24; stroke-width: 6; stroke-opacity: 0.6; }
  .arrow { stroke: #6366f1; stroke-width: 1.4; fill: none; }
  .lost { stroke: #f97316; stroke-width: 1.4; stroke-dasharray: 5 4; fill: none; }
  .pending { stroke: #a5b4fc; stroke-width: 1.2; stroke-dasharray: 2 3; fill: none; }
  .tip-sent { fill: #6366f1; } .tip-late { fill: #a5b4fc; }
  .words { font-size: 10.5px; fill: #4338ca; paint-order: stroke; stroke: #fff; stroke-width: 4px; }
  .words.dim { fill: #c2410c; }
  .note { paint-order: stroke; stroke: #fff; stroke-width: 4px; }
  .dot { fill: #475569; } .square { fill: #0d9488; } .start { fill: #16a34a; }
  .ring { fill: #fff; stroke: #475569; stroke-width: 2; }
  .cross { stroke-width: 2.4; stroke: #f97316; } .cross.crash { stroke: #dc2626; stroke-width: 3; }
  .band { fill: #f1f5f9; stroke: #cbd5e1; } .band.violated { fill: #fee2e2; stroke: #dc2626; }
  .star { fill: #dc2626; } .wrong { fill: #991b1b; font-weight: 600; }`;
