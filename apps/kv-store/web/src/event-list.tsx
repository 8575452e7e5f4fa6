/** What happened, newest first. */
import type { DemoEvent, EventKind } from '../../src/demo/state.ts';
import { clock } from './format.ts';

const SHOWN = 60;

const SIGNS: Record<EventKind, string> = {
  note: '·',
  kill: '✕',
  cut: '⌁',
  restart: '↻',
  rejoin: '↻',
  join: '+',
  joined: '✓',
  left: '−',
  'caught-up': '✓',
  leader: '★',
  resumed: '▸',
  verified: '✓',
  trouble: '!',
};

export function EventList({ events }: { events: readonly DemoEvent[] }) {
  const shown = events.slice(-SHOWN).reverse();
  return (
    <section class="events">
      <h2>What happened</h2>
      <ol aria-live="polite" aria-label="Events">
        {shown.map(({ sequence, atMs, kind, text }) => (
          <li key={sequence} class={kind}>
            <time>{clock(atMs)}</time>
            <span class="sign" aria-hidden="true">
              {SIGNS[kind]}
            </span>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
