/**
 * Catches hosted code that reaches past its ports: for the time, for chance, for timers, for the
 * network of the host. Such a run differs from the next one of the same seed, and nobody knows why.
 *
 * While worlds run, the globals of that kind are replaced by ones that ask who is running. A node's
 * code is refused; the test around it, and the host between two batches of turns, are let through.
 * What a module took from `node:timers` and the like is not seen. Promises, `queueMicrotask` and
 * `process.nextTick` are deterministic between two events, so they are everyone's to use.
 *
 * Cost: some ten property definitions per run of a world; nothing per event.
 */

/** Who may be running hosted code at the moment. */
export interface Guest {
  /** Whether the code that runs now is hosted. */
  readonly hosts: boolean;
  /** Notes the misdeed, and returns what to throw. */
  refuse(what: string): Error;
}

const NAMES = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'WebSocket', 'EventSource'],
  ...['XMLHttpRequest', 'Worker', 'BroadcastChannel', 'MessageChannel', 'crypto', 'performance'],
];

interface Replaced {
  readonly on: object;
  readonly name: string;
  readonly before: PropertyDescriptor;
}

type Callable = (...args: unknown[]) => unknown;

const guards = new WeakMap<object, object>();
let active: Guest | undefined;
let guarding = 0;
let replaced: Replaced[] = [];

/** Makes `guest` the one that is asked; returns the one before. */
export function enter(guest: Guest | undefined): Guest | undefined {
  const before = active;
  active = guest;
  return before;
}

/** Replaces the globals until the result is called; calls may nest and overlap. */
export function guardRealWorld(): () => void {
  guarding += 1;
  if (guarding === 1) {
    for (const name of NAMES) replace(globalThis, name, name);
    replace(Math, 'random', 'Math.random');
    replace(AbortSignal, 'timeout', 'AbortSignal.timeout');
    replace(Date, 'now', 'Date.now');
    replace(globalThis, 'Date', 'new Date()');
  }
  return () => {
    guarding -= 1;
    if (guarding > 0) return;
    for (const { on, name, before } of replaced) Object.defineProperty(on, name, before);
    replaced = [];
  };
}

function replace(on: object, name: string, what: string): void {
  const before = Object.getOwnPropertyDescriptor(on, name);
  if (before?.configurable !== true) return;
  replaced.push({ on, name, before });
  const { get, value } = before;
  if (get !== undefined) {
    // Not read here: the host may load what is behind it only then.
    const guarded = (): unknown => {
      check(what);
      return get.call(on);
    };
    Object.defineProperty(on, name, { ...before, get: guarded });
  } else if (typeof value === 'function') {
    Object.defineProperty(on, name, { ...before, value: guardOf(value as Callable, what) });
  }
}

function guardOf(original: Callable, what: string): object {
  const known = guards.get(original);
  if (known !== undefined) return known;
  const guard = new Proxy(original, {
    apply: (target, self, args) => {
      check(what);
      return Reflect.apply(target, self, args);
    },
    construct: (target, args, newTarget) => {
      // A date that is given is a value like any other.
      if (name(target) !== 'Date' || args.length === 0) check(what);
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  guards.set(original, guard);
  return guard;
}

function name(target: Callable): string {
  return target.name;
}

function check(what: string): void {
  if (active?.hosts) throw active.refuse(what);
}
