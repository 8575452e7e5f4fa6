/** The page: what is the matter, who is who, how it feels to clients, what happened. */
import { useCallback, useState } from 'preact/hooks';
import { type DemoState, type Load, MAX_NODES } from '../../src/demo/state.ts';
import { ClusterPicture } from './cluster-picture.tsx';
import { command, type Send, useSupervisor } from './connection.ts';
import { EventList } from './event-list.tsx';
import { Headline } from './headline.tsx';
import { ImportStrip } from './import-strip.tsx';
import { LatencyChart } from './latency-chart.tsx';
import { NodeCard } from './node-card.tsx';
import { ThroughputChart } from './throughput-chart.tsx';

export function App() {
  const { state, connected } = useSupervisor();
  const [trouble, setTrouble] = useState<string>();
  const send: Send = useCallback(async (path) => {
    setTrouble(undefined);
    try {
      await command(path);
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  }, []);
  if (state === undefined) return <p class="connecting">Connecting to the demo …</p>;
  return (
    <>
      {!connected && (
        <p class="banner" role="alert">
          The demo does not answer. This page goes on by itself when it is back.
        </p>
      )}
      {trouble !== undefined && (
        <p class="banner" role="alert">
          {trouble}
        </p>
      )}
      <TopBar state={state} send={send} />
      <main class={connected ? '' : 'faded'}>
        <Headline state={state} />
        <section class="cluster" aria-label="Nodes">
          <ClusterPicture nodes={state.nodes} />
          <div class="cards">
            {state.nodes.map((node) => (
              <NodeCard key={node.id} node={node} nodes={state.nodes} send={send} />
            ))}
          </div>
        </section>
        <ImportStrip progress={state.import} phase={state.phase} />
        <section class="charts">
          <ThroughputChart state={state} />
          <LatencyChart state={state} />
          <EventList events={state.events} />
        </section>
      </main>
      <footer>
        Each node is a process with its own disk directory. A write counts once a majority has
        synced it. Cities by GeoNames, CC BY 4.0.
      </footer>
    </>
  );
}

/** One change of members after the other. */
function isChanging({ nodes }: DemoState): boolean {
  return nodes.some(({ state }) => state === 'joining' || state === 'leaving');
}

const LOADS: readonly Load[] = ['off', 'light', 'heavy'];

function TopBar({ state, send }: { state: DemoState; send: Send }) {
  const hasLeader = state.nodes.some(
    (node) => node.state === 'running' && node.status?.role === 'leader',
  );
  return (
    <header class="top">
      <span class="name">
        <img src="./icon.svg" alt="" width="22" height="22" />
        kv-store
      </span>
      <div class="controls">
        <fieldset class="segments">
          <legend>Client load</legend>
          {LOADS.map((load) => (
            <label key={load}>
              <input
                type="radio"
                name="load"
                checked={state.load === load}
                onChange={() => send(`load/${load}`)}
              />
              <span>{load}</span>
            </label>
          ))}
        </fieldset>
        <button
          type="button"
          disabled={isChanging(state) || state.nodes.length >= MAX_NODES}
          onClick={() => send('nodes')}
        >
          Add node
        </button>
        <button
          type="button"
          class="danger strong"
          disabled={!hasLeader}
          onClick={() => send('kill-leader')}
        >
          Kill leader
        </button>
      </div>
    </header>
  );
}
