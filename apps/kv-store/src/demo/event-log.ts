/**
 * What happened, in order: the source of the printed story, of the dashboard's list and of the
 * marks on its charts. Bounded, since a demo may stay up for days.
 */
import type { DemoEvent, EventKind } from './state.ts';

const MAX_EVENTS = 400;

export class EventLog {
  readonly #events: DemoEvent[] = [];
  readonly #listeners = new Set<(event: DemoEvent) => void>();
  readonly #elapsedMs: () => number;
  #sequence = 0;

  /** `elapsedMs` tells the time since the demo started. */
  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
  }

  get events(): readonly DemoEvent[] {
    return this.#events;
  }

  add(kind: EventKind, text: string, node?: string): void {
    this.#sequence += 1;
    const event: DemoEvent = {
      sequence: this.#sequence,
      atMs: Math.round(this.#elapsedMs()),
      kind,
      text,
      ...(node === undefined ? {} : { node }),
    };
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }

  after(sequence: number): readonly DemoEvent[] {
    return this.#events.filter((event) => event.sequence > sequence);
  }

  onEvent(listener: (event: DemoEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
