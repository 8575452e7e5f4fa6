/** Small line charts side by side as SVG: x on a logarithmic scale, y from zero. Pure. */
import { figure } from '../table.ts';

export interface Panel {
  readonly title: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly { readonly x: number; readonly y: number }[];
  }[];
}

const WIDTH = 250;
const HEIGHT = 190;
const MARGIN = { left: 42, right: 14, top: 44, bottom: 34 };
const COLOURS = ['#0b6e4f', '#b4436c', '#3d5a80'];

export function drawPanels(
  panels: readonly Panel[],
  caption: string,
  title = 'How cost grows with the number of records',
): string {
  const width = WIDTH * panels.length;
  const height = HEIGHT + 44;
  const names = panels[0]?.series.map(({ name }) => name) ?? [];
  const legend = names.map((name, i) => {
    const x = 12 + i * 190;
    return `<rect x="${x}" y="${HEIGHT + 8}" width="14" height="4" fill="${COLOURS[i]}"/>${text(
      { x: x + 20, y: HEIGHT + 14 },
      name,
    )}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" `,
    'font-family="system-ui, sans-serif" font-size="11">',
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...panels.map((panel, i) => `<g transform="translate(${i * WIDTH} 0)">${draw(panel)}</g>`),
    ...legend,
    text({ x: 12, y: HEIGHT + 34, colour: '#666' }, caption),
    '</svg>\n',
  ].join('\n');
}

function draw({ title, series }: Panel): string {
  const all = series.flatMap(({ points }) => points);
  const least = Math.log(Math.min(...all.map(({ x }) => x)));
  const most = Math.log(Math.max(...all.map(({ x }) => x)));
  const top = Math.max(...all.map(({ y }) => y)) * 1.1;
  const across = WIDTH - MARGIN.left - MARGIN.right;
  const down = HEIGHT - MARGIN.top - MARGIN.bottom;
  const at = (x: number): number =>
    MARGIN.left + (most > least ? ((Math.log(x) - least) / (most - least)) * across : 0);
  const up = (y: number): number => MARGIN.top + down - (y / top) * down;
  const grid = [0, top / 2, top].map((y) => {
    const line = `M${MARGIN.left} ${up(y).toFixed(1)}h${across}`;
    const label = { x: MARGIN.left - 5, y: up(y) + 4, anchor: 'end', colour: '#666' };
    return `<path d="${line}" stroke="#ddd"/>${text(label, figure(y))}`;
  });
  const ticks = [...new Set(all.map(({ x }) => x))].map((x) => {
    const place = { x: at(x), y: HEIGHT - MARGIN.bottom + 16, anchor: 'middle', colour: '#666' };
    return text(place, x >= 1e6 ? `${figure(x / 1e6)}M` : `${figure(x / 1e3)}k`);
  });
  const lines = series.map(({ points }, i) => {
    const places = points.map(({ x, y }) => `${at(x).toFixed(1)} ${up(y).toFixed(1)}`);
    const dots = points.map(({ x, y }) => {
      const centre = `cx="${at(x).toFixed(1)}" cy="${up(y).toFixed(1)}"`;
      return `<circle ${centre} r="3" fill="${COLOURS[i]}"/>`;
    });
    const path = `<path d="M${places.join('L')}" fill="none" stroke="${COLOURS[i]}"/>`;
    return path + dots.join('');
  });
  return [text({ x: 12, y: 22 }, title), ...grid, ...ticks, ...lines].join('');
}

function text(
  {
    x,
    y,
    anchor = 'start',
    colour = '#222',
  }: {
    x: number;
    y: number;
    anchor?: string;
    colour?: string;
  },
  content: string,
): string {
  const place = `x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"`;
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text ${place} fill="${colour}">${escaped}</text>`;
}
