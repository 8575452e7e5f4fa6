/** The cluster as a ring: who leads, who is reachable, which links carry the log. */
import type { NodeView } from '../../src/demo/state.ts';

const SIZE = 260;
const CENTRE = SIZE / 2;
const RING = 88;
const RADIUS = 30;

interface Point {
  readonly x: number;
  readonly y: number;
}

export function ClusterPicture({ nodes }: { nodes: readonly NodeView[] }) {
  const places = nodes.map((_, index) => place(index, nodes.length));
  const links = nodes.flatMap((from, a) =>
    nodes.slice(a + 1).map((to, offset) => ({ from, to, a, b: a + 1 + offset })),
  );
  const leader = nodes.find((node) => leads(node));
  const label =
    leader === undefined ? 'No leader at the moment.' : `${leader.id} leads the cluster.`;
  return (
    <svg class="picture" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={label}>
      {links.map(({ from, to, a, b }) => (
        <Link key={`${from.id}-${to.id}`} from={from} to={to} a={places[a]!} b={places[b]!} />
      ))}
      {nodes.map((node, index) => (
        <Node key={node.id} node={node} at={places[index]!} />
      ))}
    </svg>
  );
}

function Link({ from, to, a, b }: { from: NodeView; to: NodeView; a: Point; b: Point }) {
  const [start, end] = [towards(a, b, RADIUS + 7), towards(b, a, RADIUS + 7)];
  if (isDown(from) || isDown(to)) return <Line class="link down" from={start} to={end} />;
  if (from.state === 'cut off' || to.state === 'cut off') {
    const third = Math.hypot(end.x - start.x, end.y - start.y) * 0.32;
    const middle = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
    return (
      <g class="link cut">
        <Line from={start} to={towards(start, end, third)} />
        <Line from={end} to={towards(end, start, third)} />
        <path d={cross(middle, 4.5)} />
      </g>
    );
  }
  // The log flows from the leader outwards, so the line is drawn from it.
  if (leads(to)) return <Line class="link flow" from={end} to={start} />;
  return <Line class={leads(from) ? 'link flow' : 'link'} from={start} to={end} />;
}

function Line({ from, to, ...rest }: { from: Point; to: Point; class?: string }) {
  return <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} {...rest} />;
}

function Node({ node, at }: { node: NodeView; at: Point }) {
  const kind = kindOf(node);
  return (
    <g class={`node ${kind}`} transform={`translate(${at.x} ${at.y})`}>
      {kind === 'leader' && <circle class="halo" r={RADIUS + 7} />}
      <circle class="body" r={RADIUS} />
      <text y={kind === 'leader' ? 1 : 6}>{node.id}</text>
      {kind === 'leader' && (
        <text class="role" y={15}>
          leader
        </text>
      )}
      {kind === 'down' && <path d={cross({ x: 22, y: -22 }, 5)} />}
    </g>
  );
}

function kindOf(node: NodeView): string {
  if (node.state === 'starting') return 'starting';
  if (node.state === 'joining' || node.state === 'leaving') return 'changing';
  if (isDown(node)) return 'down';
  return node.state === 'cut off' ? 'cut' : (node.status?.role ?? 'follower');
}

function leads(node: NodeView): boolean {
  return node.state === 'running' && node.status?.role === 'leader';
}

function isDown(node: NodeView): boolean {
  return node.state === 'killed' || node.state === 'stopped' || node.state === 'starting';
}

function place(index: number, total: number): Point {
  const angle = (index / total) * 2 * Math.PI - Math.PI / 2;
  // Three on a ring look too high: their centre of gravity goes to the middle.
  const lower = total === 3 ? RING / 6 : 0;
  return { x: CENTRE + RING * Math.cos(angle), y: CENTRE + lower + RING * Math.sin(angle) };
}

function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  return {
    x: from.x + ((to.x - from.x) * distance) / length,
    y: from.y + ((to.y - from.y) * distance) / length,
  };
}

function cross({ x, y }: Point, arm: number): string {
  return `M${x - arm} ${y - arm}l${2 * arm} ${2 * arm}M${x + arm} ${y - arm}l${-2 * arm} ${2 * arm}`;
}
