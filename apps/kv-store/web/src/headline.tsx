/** The state of the cluster in one sentence a newcomer understands, and four figures. */
import type { DemoState, NodeView } from '../../src/demo/state.ts';
import { count, duration } from './format.ts';

const RECENT_SAMPLES = 4;
const NUMBERS: Readonly<Record<number, string>> = { 3: 'three', 4: 'four', 5: 'five' };

export function Headline({ state }: { state: DemoState }) {
  const { title, tone, detail } = describe(state);
  const recent = state.samples.slice(-RECENT_SAMPLES);
  const mean = (pick: (sample: (typeof recent)[number]) => number): number =>
    recent.length === 0 ? 0 : recent.reduce((sum, one) => sum + pick(one), 0) / recent.length;
  const latencies = recent.flatMap((one) => (one.putP50Ms === null ? [] : [one.putP50Ms]));
  const writes = mean((one) => one.putsPerSecond + one.batchesPerSecond);
  const { elections } = state;
  return (
    <section class="headline">
      <div aria-live="polite">
        <h1 class={tone}>{title}</h1>
        <p>{detail}</p>
      </div>
      <dl>
        <Figure name="writes" value={count(Math.round(writes))} unit="/s" />
        <Figure
          name="reads"
          value={count(Math.round(mean((one) => one.readsPerSecond)))}
          unit="/s"
        />
        <Figure name="median put" value={latencies.length ? duration(median(latencies)) : '–'} />
        <Figure
          name={elections.count > 1 ? 'median takeover' : 'takeover'}
          value={elections.count === 0 ? '–' : duration(elections.p50Ms)}
        />
      </dl>
    </section>
  );
}

function Figure({ name, value, unit = '' }: { name: string; value: string; unit?: string }) {
  const [number, ownUnit = unit] = value.split(' ');
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {number}
        <small>{ownUnit}</small>
      </dd>
    </div>
  );
}

function describe(state: DemoState): { title: string; detail: string; tone: string } {
  const { nodes } = state;
  const joining = nodes.find((node) => node.state === 'joining');
  const voters = nodes.filter((node) => node !== joining);
  const up = voters.filter((node) => node.state === 'running' || node.state === 'leaving');
  const leader = up.find((node) => node.status?.role === 'leader');
  const majority = Math.floor(voters.length / 2) + 1;
  const missing = voters.filter((node) => !up.includes(node));
  if (state.phase === 'starting') {
    return { title: 'The nodes are starting', detail: 'Three processes, one cluster.', tone: '' };
  }
  if (up.length < majority) {
    return {
      title: 'No majority: writes wait',
      detail: `${list(missing)}. Fewer than half can promise nothing, so they do not. Bring one back.`,
      tone: 'bad',
    };
  }
  if (leader === undefined) {
    return {
      title: 'Electing a new leader',
      detail: 'Writes wait for a moment; clients try again by themselves.',
      tone: 'warn',
    };
  }
  const term = `${leader.id} leads in term ${leader.status?.term}`;
  if (missing.length > 0) {
    return {
      title: `${sentence(missing)}, and writing goes on`,
      detail: `${term}. ${up.length} of ${voters.length} nodes are a majority, so nothing is lost.`,
      tone: 'warn',
    };
  }
  if (joining !== undefined) {
    return {
      title: `${joining.id} is joining`,
      detail: `${term}. The new node first gets what the others hold, then a vote.`,
      tone: 'good',
    };
  }
  const leaving = nodes.find((node) => node.state === 'leaving');
  if (leaving !== undefined) {
    return {
      title: `${leaving.id} is leaving`,
      detail: `${term}. The others agree to go on without it.`,
      tone: 'good',
    };
  }
  return {
    title: `All ${NUMBERS[nodes.length] ?? nodes.length} nodes are well`,
    detail: `${term}. Kill it: another one takes over, and nothing is lost.`,
    tone: 'good',
  };
}

function sentence(nodes: readonly NodeView[]): string {
  const [first] = nodes;
  if (nodes.length > 1 || first === undefined) return `${nodes.length} nodes are away`;
  if (first.state === 'cut off') return `${first.id} is cut off`;
  return first.state === 'starting' ? `${first.id} is starting` : `${first.id} is down`;
}

function list(nodes: readonly NodeView[]): string {
  return nodes
    .map((node) => `${node.id} is ${node.state === 'stopped' ? 'down' : node.state}`)
    .join(', ');
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
