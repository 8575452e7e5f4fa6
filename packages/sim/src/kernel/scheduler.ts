/**
 * The one file of this package that touches the host's asynchrony.
 *
 * Hosted code uses promises, and a promise's continuation runs in a microtask. Between two events
 * the world lets the host run all of them by taking one turn of its macrotask queue: whatever the
 * hosted code chained, however long, has run when the next event starts, in the order the language
 * fixes.
 *
 * Cost: one turn per event. Turns are queued in batches: the host runs all that are queued one
 * after another, with their microtasks and rejections in between, before it looks for other work,
 * which costs ten times as much as the turn itself. Batches grow from 1, so that a short run leaves
 * few turns unused; other work of the host waits for at most {@link MAX_BATCH} turns.
 */

/** Takes a rejection that nobody handled; false when it is none of its business. */
export type RejectionListener = (reason: unknown) => boolean;

const MAX_BATCH = 256;

// Kept, since code that a world hosts finds another one in its place: see real-world.ts.
const immediate = typeof setImmediate === 'function' ? setImmediate : undefined;

/** Whether turns that are queued together run with nothing but microtasks in between. */
export const turnsAreAdjacent: boolean = immediate !== undefined;

const nextTurn: (next: () => void) => void =
  immediate === undefined ? nextTurnByMessage() : (next) => void immediate(next);

/** Resolves when all microtasks that are pending, and those that they start, have run. */
export function takeTurn(): Promise<void> {
  return new Promise(nextTurn);
}

/** What to do turn by turn; none of it may throw. */
export interface Turns {
  /** Called once a turn for as long as it returns true. */
  readonly step: () => boolean;
  /** Called when others may run before the next step, and when there is none. */
  readonly rest: () => void;
  /** Takes the rejections that nobody handled since the step before. */
  readonly onRejection: RejectionListener;
}

/**
 * Takes a turn per step. Before each step, and before each rest, all pending microtasks, and those
 * they start, have run.
 */
export function everyTurn({ step, rest, onRejection }: Turns): void {
  let batch = 1;
  let left = 0;
  let over = false;
  const turn = (): void => {
    left -= 1;
    blamed = onRejection;
    if (left > 0) {
      if (!over) over = !step();
      return;
    }
    rest();
    if (!over) queue();
  };
  const queue = (): void => {
    left = batch + 1;
    for (let i = 0; i <= batch; i += 1) nextTurn(turn);
    batch = Math.min(batch * 2, MAX_BATCH);
  };
  blamed = onRejection;
  queue();
}

/** Browsers have no immediate queue; a message to oneself is the nearest thing to it. */
function nextTurnByMessage(): (next: () => void) => void {
  const waiting: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => waiting.shift()?.();
  return (next) => {
    waiting.push(next);
    port2.postMessage(undefined);
  };
}

type HostListener = (reason: unknown, promise: unknown) => void;

interface Host {
  on(event: 'unhandledRejection', listener: HostListener): void;
  off(event: 'unhandledRejection', listener: HostListener): void;
  listeners(event: 'unhandledRejection'): HostListener[];
}

let blamed: RejectionListener | undefined;
let running = 0;
let displaced: readonly HostListener[] = [];

/**
 * While a world runs, unhandled rejections go to it, until the result is called. A crashed node's
 * code stops in the middle, so it cannot handle what its last calls rejected with: the world drops
 * that, blames living nodes, and leaves the rest to the listeners that were there before. The host
 * reports a rejection at the end of the turn it happened in, so the event of that turn is to blame.
 * Where the host has no such event (browsers), nothing is intercepted.
 */
export function interceptRejections(): () => void {
  const host = (globalThis as { process?: Partial<Host> }).process as Host | undefined;
  if (host?.listeners === undefined) return () => {};
  running += 1;
  if (running === 1) {
    displaced = host.listeners('unhandledRejection');
    for (const listener of displaced) host.off('unhandledRejection', listener);
    host.on('unhandledRejection', intercept);
  }
  return () => {
    running -= 1;
    if (running > 0) return;
    host.off('unhandledRejection', intercept);
    for (const listener of displaced) host.on('unhandledRejection', listener);
    displaced = [];
  };
}

function intercept(reason: unknown, promise: unknown): void {
  if (blamed?.(reason)) return;
  // With nobody else to tell, it is an uncaught error, as the host would make it.
  if (displaced.length === 0) throw reason;
  for (const listener of displaced) listener(reason, promise);
}
