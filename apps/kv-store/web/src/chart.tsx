/**
 * A time chart of the last two minutes, with kills and elections marked: uPlot, dressed in the
 * page's own colours (read from its custom properties, and read again when the scheme changes).
 *
 * The chart is made once and fed; only a change of scheme makes it anew.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { DemoEvent, DemoState, EventKind, Sample } from '../../src/demo/state.ts';
import { clock } from './format.ts';

const WINDOW_SECONDS = 120;
const LEAST_WINDOW_SECONDS = 30;
const HEIGHT = 240;

export interface Line {
  readonly name: string;
  /** A custom property of the page, `--accent`. */
  readonly colour: string;
  readonly filled?: boolean;
  readonly of: (sample: Sample) => number | null;
  readonly show: (value: number) => string;
}

export interface ChartProps {
  readonly title: string;
  readonly state: DemoState;
  readonly lines: readonly Line[];
  readonly scale: uPlot.Scale;
  readonly tick: (value: number) => string;
  /** Where the lines of the grid go; left to the chart when absent. */
  readonly splits?: (least: number, most: number) => number[];
  /** Pairs of line numbers (from 1) with the room between them shaded. */
  readonly bands?: readonly (readonly [number, number])[];
}

export function Chart({ title, state, lines, scale, tick, splits, bands = [] }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const events = useRef<readonly DemoEvent[]>([]);
  const [hovered, setHovered] = useState<number | null>(null);
  const scheme = useColourScheme();
  events.current = state.events;

  useEffect(() => {
    const element = host.current!;
    const made = new uPlot(
      options({
        ...{ lines, scale, tick, bands, events, setHovered, width: element.clientWidth },
        ...(splits === undefined ? {} : { splits }),
      }),
      data(state, lines),
      element,
    );
    plot.current = made;
    const resize = new ResizeObserver(() => {
      made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
    };
  }, [scheme]);

  useEffect(() => plot.current?.setData(data(state, lines)), [state, lines]);

  const sample = hovered === null ? state.samples.at(-1) : state.samples[hovered];
  return (
    <figure class="chart">
      <figcaption>
        <h2>{title}</h2>
        <ul>
          {lines.map((line) => {
            const value = sample === undefined ? null : line.of(sample);
            return (
              <li key={line.name} style={{ '--swatch': `var(${line.colour})` }}>
                {line.name}
                <b>{value === null ? '–' : line.show(value)}</b>
              </li>
            );
          })}
        </ul>
      </figcaption>
      <div ref={host} class="plot" role="img" aria-label={`${title}, the last two minutes`} />
    </figure>
  );
}

function data(state: DemoState, lines: readonly Line[]): uPlot.AlignedData {
  const times = state.samples.map((sample) => sample.atMs / 1_000);
  return [times, ...lines.map((line) => state.samples.map(line.of))];
}

interface PlotParts extends Pick<ChartProps, 'lines' | 'scale' | 'tick' | 'splits'> {
  readonly bands: readonly (readonly [number, number])[];
  readonly width: number;
  readonly events: { readonly current: readonly DemoEvent[] };
  readonly setHovered: (index: number | null) => void;
}

function options(parts: PlotParts): uPlot.Options {
  const { lines, scale, tick, splits, bands, width, events, setHovered } = parts;
  const quiet = colour('--quiet');
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const grid = { stroke: colour('--line'), width: 1 };
  const axis = { stroke: quiet, font, ticks: { show: false }, grid };
  return {
    width,
    height: HEIGHT,
    padding: [18, 14, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: (_, __, last) => window(last) },
      y: scale,
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 30,
        space: 70,
        values: (_, at) => at.map((second) => clock(second * 1_000)),
      },
      {
        ...axis,
        size: 48,
        space: 34,
        values: (_, at) => at.map((value) => (value === null ? '' : tick(value))),
        ...(splits === undefined ? {} : { splits: (_, __, least, most) => splits(least, most) }),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        stroke: colour(line.colour),
        width: 1.75,
        points: { show: false },
        ...(line.filled ? { fill: `${colour(line.colour)}1f` } : {}),
      })),
    ],
    bands: bands.map(([upper, lower]) => ({
      series: [upper, lower] as [number, number],
      fill: `${colour(lines[lower - 1]!.colour)}24`,
    })),
    hooks: {
      drawClear: [(self) => drawMarks(self, events.current)],
      setCursor: [(self) => setHovered(self.cursor.idx ?? null)],
    },
  };
}

function window(last: number): [number, number] {
  const end = Math.max(last || 0, LEAST_WINDOW_SECONDS);
  return [Math.max(0, end - WINDOW_SECONDS), end];
}

const MARKED: Partial<Record<EventKind, { readonly text: string; readonly colour: string }>> = {
  kill: { text: '✕', colour: '--bad' },
  leader: { text: '★', colour: '--accent' },
  cut: { text: '⌁', colour: '--warn' },
  joined: { text: '+', colour: '--good' },
  left: { text: '−', colour: '--warn' },
};

/** A line for each kill, new leader and change of members, with the node's name above the plot. */
function drawMarks(self: uPlot, events: readonly DemoEvent[]): void {
  const { ctx } = self;
  const { left, top, width, height } = self.bbox;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `600 ${10 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = 'center';
  ctx.lineWidth = ratio;
  let labelledUpTo = 0;
  for (const { atMs, kind, node } of events) {
    const sign = MARKED[kind];
    if (sign === undefined) continue;
    const x = Math.round(self.valToPos(atMs / 1_000, 'x', true));
    if (x < left || x > left + width) continue;
    const tone = colour(sign.colour);
    ctx.strokeStyle = tone;
    ctx.globalAlpha = 0.55;
    ctx.setLineDash(kind === 'leader' ? [] : [3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    const label = `${sign.text} ${node ?? ''}`;
    const labelWidth = ctx.measureText(label).width;
    // A kill and the election that follows are close: the second name moves aside.
    const rightmost = ctx.canvas.width - labelWidth / 2;
    const centre = Math.min(rightmost, Math.max(x, labelledUpTo + labelWidth / 2 + 4 * ratio));
    if (centre - x > labelWidth * 1.5 || centre - labelWidth / 2 < labelledUpTo) continue;
    ctx.globalAlpha = 1;
    ctx.fillStyle = tone;
    ctx.fillText(label, centre, top - 6 * ratio);
    labelledUpTo = centre + labelWidth / 2;
  }
  ctx.restore();
}

function colour(property: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim();
}

function useColourScheme(): boolean {
  const query = matchMedia('(prefers-color-scheme: dark)');
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const change = (): void => setDark(query.matches);
    query.addEventListener('change', change);
    return () => query.removeEventListener('change', change);
  }, []);
  return dark;
}
