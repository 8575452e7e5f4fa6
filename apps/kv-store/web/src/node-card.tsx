/** One node: its role, how far its log has come beside the furthest one, and what can be done. */
import { MIN_NODES, type NodeState, type NodeView } from '../../src/demo/state.ts';
import type { Send } from './connection.ts';
import { count } from './format.ts';

interface NodeCardProps {
  readonly node: NodeView;
  readonly nodes: readonly NodeView[];
  readonly send: Send;
}

export function NodeCard({ node, nodes, send }: NodeCardProps) {
  const { id, state, status, httpUrl, pid } = node;
  const longest = Math.max(1, ...nodes.map((other) => other.status?.lastIndex ?? 0));
  const alive = state === 'running' || state === 'cut off';
  const role = alive ? (status?.role ?? 'starting') : state;
  const isChanging = nodes.some((other) => CHANGING.has(other.state));
  return (
    <article
      class={`card ${state === 'running' ? role : state.replace(' ', '-')}`}
      data-node={id}
      aria-label={`Node ${id}`}
    >
      <header>
        <h2>{id}</h2>
        <span class="role">{state === 'cut off' ? cutOff(role) : role}</span>
        <span class="term">
          {status === undefined || status.term === 0 ? '' : `term ${status.term}`}
        </span>
      </header>
      <dl class="positions">
        <Position name="log" at={status?.lastIndex} from={status?.firstIndex} of={longest} />
        <Position name="committed" at={status?.commitIndex} of={longest} />
        <Position name="applied" at={status?.appliedIndex} of={longest} />
      </dl>
      <p class="facts">
        {status?.counters !== undefined && state !== 'joining' && (
          <span>
            {count(status.counters.writes)} writes, {count(status.counters.reads)} reads served
          </span>
        )}
        {fact(node, longest) ?? `pid ${pid ?? '–'} · ${httpUrl.replace('http://', '')}`}
      </p>
      <div class="actions">
        {state === 'killed' || state === 'stopped' ? (
          <Action id={id} verb="restart" text="Restart" send={send} kind="primary" />
        ) : (
          <Action id={id} verb="kill" text="Kill" send={send} kind="danger" />
        )}
        {state === 'cut off' ? (
          <Action id={id} verb="rejoin" text="Rejoin" send={send} kind="primary" />
        ) : (
          <Action id={id} verb="cut" text="Cut off" send={send} disabled={state !== 'running'} />
        )}
        <Action
          id={id}
          verb="remove"
          text="Remove"
          send={send}
          disabled={isChanging || nodes.length <= MIN_NODES}
        />
      </div>
    </article>
  );
}

interface PositionProps {
  readonly name: string;
  readonly at: number | undefined;
  readonly from?: number | undefined;
  readonly of: number;
}

/** A bar from the first entry still kept to the last one, on the scale of the longest log. */
function Position({ name, at = 0, from = 0, of }: PositionProps) {
  const left = (Math.min(from, at) / of) * 100;
  const width = Math.max(0, (at / of) * 100 - left);
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="bar" aria-hidden="true">
          <i style={{ marginLeft: `${left}%`, width: `${width}%` }} />
        </span>
        <span class="number">{count(at)}</span>
      </dd>
    </div>
  );
}

interface ActionProps {
  readonly id: string;
  readonly verb: string;
  readonly text: string;
  readonly send: Send;
  readonly kind?: string;
  readonly disabled?: boolean;
}

function Action({ id, verb, text, send, kind = '', disabled = false }: ActionProps) {
  return (
    <button
      type="button"
      class={kind}
      disabled={disabled}
      aria-label={`${text} ${id}`}
      onClick={() => send(`nodes/${id}/${verb}`)}
    >
      {text}
    </button>
  );
}

const CHANGING: ReadonlySet<NodeState> = new Set(['joining', 'leaving']);

/** What is worth more than where the process is. */
function fact({ state, status }: NodeView, longest: number): string | undefined {
  switch (state) {
    case 'killed':
    case 'stopped':
      return behind(status?.lastIndex, longest);
    case 'joining':
      return joining(status?.appliedIndex ?? 0, longest);
    case 'leaving':
      return 'the others agree to go on without it';
    default:
      return undefined;
  }
}

/** It has no vote before it holds what the others hold. */
function joining(applied: number, longest: number): string {
  if (applied === 0) return 'empty, is being sent a snapshot';
  return `${count(longest - applied)} entries to go until it votes`;
}

function behind(last: number | undefined, longest: number): string {
  const entries = longest - (last ?? 0);
  return entries === 0 ? 'down, missing nothing yet' : `down, ${count(entries)} entries behind`;
}

/** It learns of its successor only when it can hear the others again. */
function cutOff(role: string): string {
  return role === 'leader' ? 'cut off, thinks it leads' : 'cut off';
}
