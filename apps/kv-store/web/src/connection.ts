/**
 * The page's view of the supervisor: one stream of server-sent events, folded into one state.
 *
 * The first event carries everything, later ones what changed; after a broken connection the
 * browser connects again by itself and is sent everything anew, so there is nothing to repair.
 */
import { useEffect, useState } from 'preact/hooks';
import type { DemoState, DemoUpdate } from '../../src/demo/state.ts';

const MAX_SAMPLES = 240;
const MAX_EVENTS = 400;

export interface Connection {
  readonly state: DemoState | undefined;
  readonly connected: boolean;
}

export function useSupervisor(): Connection {
  const [connection, setConnection] = useState<Connection>({ state: undefined, connected: false });
  useEffect(() => {
    const source = new EventSource('api/events');
    source.addEventListener('state', (event) => {
      setConnection({ state: JSON.parse(event.data) as DemoState, connected: true });
    });
    source.addEventListener('update', (event) => {
      const update = JSON.parse(event.data) as DemoUpdate;
      setConnection(({ state }) => ({ state: state && fold(state, update), connected: true }));
    });
    source.addEventListener('error', () => {
      setConnection(({ state }) => ({ state, connected: false }));
    });
    return () => source.close();
  }, []);
  return connection;
}

function fold(state: DemoState, update: DemoUpdate): DemoState {
  return {
    ...state,
    ...update,
    samples: [...state.samples, ...update.samples].slice(-MAX_SAMPLES),
    events:
      update.events.length === 0
        ? state.events
        : [...state.events, ...update.events].slice(-MAX_EVENTS),
  };
}

/** Sends a command, and shows the user what went wrong, if something did. */
export type Send = (path: string) => Promise<void>;

/** Sends a command to the supervisor. @throws what it answers when the command failed. */
export async function command(path: string): Promise<void> {
  const response = await fetch(`api/${path}`, { method: 'POST' });
  if (response.ok) return;
  const { error } = (await response.json()) as { error?: string };
  throw new Error(error ?? `the supervisor answered ${response.status}`);
}
