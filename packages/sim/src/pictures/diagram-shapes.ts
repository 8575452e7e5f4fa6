/** Where things stand in a space-time diagram, and the marks and arrows it is drawn with. */
import { escapeXml, textWidth } from './svg.ts';

export const LANE_PX = 190;
export const ROW_PX = 24;

export interface Layout {
  readonly nodes: readonly string[];
  readonly leftPx: number;
  readonly topPx: number;
}

export interface Line {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
  readonly words: string;
}

export function xOf({ nodes, leftPx }: Layout, node: string): number {
  return leftPx + Math.max(0, nodes.indexOf(node)) * LANE_PX;
}

export function yOf({ topPx }: Layout, row: number): number {
  return topPx + row * ROW_PX + ROW_PX / 2;
}

/** A message; a pending one is still on its way when the picture ends. */
export function arrow(line: Line, fate: 'arrived' | 'lost' | 'pending'): string {
  const lost = fate === 'lost';
  const pending = fate === 'pending';
  const { fromX, fromY, words } = line;
  const { toX, toY } = lost ? partOf(line, 0.62) : shortened(line, pending ? 0 : 5);
  const kind = lost ? 'lost' : pending ? 'pending' : 'arrow';
  const head = lost ? '' : ` marker-end="url(#${pending ? 'late' : 'sent'})"`;
  const path =
    fromX === line.toX
      ? `M${fromX} ${fromY} C${fromX + 40} ${fromY} ${fromX + 40} ${toY} ${fromX + 3} ${toY}`
      : `M${fromX} ${fromY} L${toX} ${toY}`;
  const cross = lost ? crossAt(toX, toY, 'lose') : '';
  return `<path class="${kind}" d="${path}"${head}/>${cross}${wordsAlong(line, words, lost)}`;
}

/** The words stand above the line near its beginning, turned with it. */
function wordsAlong({ fromX, fromY, toX, toY }: Line, words: string, lost: boolean): string {
  // To oneself: the loop says enough.
  if (toX === fromX) return '';
  const right = toX >= fromX;
  const length = Math.hypot(toX - fromX, toY - fromY);
  // Within the first lane the line crosses, so that words of neighbours do not meet.
  const room = Math.min(length, (LANE_PX * length) / Math.max(1, Math.abs(toX - fromX)));
  const fits = Math.max(4, Math.floor((room - 30) / textWidth('x', 10.5)));
  const shown = words.length > fits ? `${words.slice(0, fits - 1)}…` : words;
  const turn = (Math.atan2(toY - fromY, toX - fromX) * 180) / Math.PI + (right ? 0 : 180);
  const x = fromX + (right ? 14 : -14);
  const anchor = right ? 'start' : 'end';
  return (
    `<text class="words${lost ? ' dim' : ''}" x="${x}" y="${fromY - 4}" text-anchor="${anchor}" ` +
    `transform="rotate(${turn.toFixed(1)} ${fromX} ${fromY})">` +
    `<title>${escapeXml(words)}</title>${escapeXml(shown)}</text>`
  );
}

function partOf({ fromX, fromY, toX, toY }: Line, part: number): { toX: number; toY: number } {
  return { toX: fromX + (toX - fromX) * part, toY: fromY + (toY - fromY) * part };
}

function shortened(line: Line, byPx: number): { toX: number; toY: number } {
  const length = Math.hypot(line.toX - line.fromX, line.toY - line.fromY);
  return partOf(line, length > byPx ? 1 - byPx / length : 1);
}

export function crossAt(x: number, y: number, kind: string): string {
  const size = kind === 'crash' ? 7 : 5;
  return (
    `<path class="cross ${kind}" d="M${x - size} ${y - size} L${x + size} ${y + size} ` +
    `M${x - size} ${y + size} L${x + size} ${y - size}"/>`
  );
}

export function shape(
  kind: 'dot' | 'square' | 'start' | 'ring' | 'star',
  x: number,
  y: number,
): string {
  switch (kind) {
    case 'square':
      return `<rect class="square" x="${x - 4}" y="${y - 4}" width="8" height="8" rx="1"/>`;
    case 'star':
      return `<path class="star" d="${starPath(x, y)}"/>`;
    default:
      return `<circle class="${kind}" cx="${x}" cy="${y}" r="${kind === 'dot' ? 3 : 5}"/>`;
  }
}

function starPath(x: number, y: number): string {
  const points = Array.from({ length: 10 }, (_, i) => {
    const radius = i % 2 === 0 ? 10 : 4.4;
    const angle = (Math.PI * (i - 2.5)) / 5;
    return `${(x + radius * Math.cos(angle)).toFixed(1)} ${(y + radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join(' L')} z`;
}
