/**
 * The one file of this package that touches the host's asynchrony.
 *
 * Hosted code uses promises, and a promise's continuation runs in a microtask. Between two events
 * the world lets the host run all of them by taking one turn of its macrotask queue: whatever the
 * hosted code chained, however long, has run when the next event starts, in the order the language
 * fixes. Cost: one turn per event.
 */

/** Takes a rejection that nobody handled; false when it is none of its business. */
export type RejectionListener = (reason: unknown) => boolean;

const nextTurn: (next: () => void) => void =
  typeof setImmediate === 'function' ? (next) => void setImmediate(next) : nextTurnByMessage();

/**
 * Calls `next` once all pending microtasks, and those they start, have run. Rejections that nobody
 * handled until then are put down to whoever hopped: see {@link interceptRejections}.
 */
export function hop(next: () => void, onRejection: RejectionListener): void {
  blamed = onRejection;
  nextTurn(next);
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
