/**
 * Virtual time: runs events one after another, the earliest first, and nothing in between.
 *
 * Time moves in steps of 2^-10 ms (about a microsecond), so that sums of times are exact: a timer
 * of 7.5 ms fires exactly 7.5 ms later, on every machine and however late in the run.
 *
 * Invariants: time never goes back; one event runs at a time; what a life of a machine scheduled
 * does not run after that life; all microtasks of one event have run before the next starts (except
 * under `runSync`, for code without promises); no run outlasts its budgets of events and of virtual
 * time. The first failure ends the run.
 */
import { SimulationError } from '../errors.ts';
import { type EventKind, EventQueue, type Holder, type Owner, SimEvent } from './event-queue.ts';
import { enter, type Guest, guardRealWorld } from './real-world.ts';
import { everyTurn, interceptRejections, turnsAreAdjacent } from './scheduler.ts';
import { Trace } from './trace.ts';

const TICKS_PER_MS = 1024;

/** The first point of the time grid at or after `timeMs`. */
export function ceilToTick(timeMs: number): number {
  return Math.ceil(timeMs * TICKS_PER_MS) / TICKS_PER_MS;
}

/** The smallest step of virtual time, in ms. */
export const TICK_MS: number = 1 / TICKS_PER_MS;

export interface KernelOptions {
  readonly seed: number;
  readonly trace: boolean;
  readonly maxTraceEvents: number;
  readonly maxEventsPerInstant: number;
  readonly maxEvents: number;
  readonly maxVirtualMs: number;
  /** Hosted code may use the host's time, chance and timers. */
  readonly allowRealWorld: boolean;
  /** Remembers where each timer was set, for {@link Kernel.originOf}. */
  readonly keepOrigins: boolean;
  readonly onNodeError: ((error: SimulationError) => void) | undefined;
}

export interface RunOptions {
  readonly untilMs: number;
  /** Asked after every event; the run ends when it holds. */
  readonly done?: (() => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Kernel implements Guest {
  readonly seed: number;
  readonly trace: Trace;
  readonly #queue = new EventQueue();
  readonly #options: KernelOptions;
  readonly #origins: WeakMap<SimEvent, Error> | undefined;
  #now = 0;
  #order = 0;
  #events = 0;
  #nodeEvents = 0;
  #eventsNow = 0;
  #current: Owner | undefined;
  #failure: SimulationError | undefined;
  #running = false;
  #closed = false;
  readonly #watchers: (() => SimulationError | undefined)[] = [];

  constructor(options: KernelOptions) {
    const { seed, trace, maxTraceEvents, keepOrigins } = options;
    this.seed = seed;
    this.#options = options;
    this.trace = new Trace(trace, maxTraceEvents);
    this.#origins = keepOrigins ? new WeakMap() : undefined;
  }

  get now(): number {
    return this.#now;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** Those of them that reached a node: messages, timers and syncs. */
  get nodeEvents(): number {
    return this.#nodeEvents;
  }

  get failure(): SimulationError | undefined {
    return this.#failure;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Whether the code that runs now is a node's. */
  get hosts(): boolean {
    return this.#current !== undefined;
  }

  /** Lets `fire` happen after `delayMs`, rounded up to the grid. */
  schedule(
    kind: EventKind,
    delayMs: number,
    owner: Owner | undefined,
    fire: () => unknown,
    machine: Holder | undefined = owner?.machine,
  ): SimEvent {
    return this.scheduleAt(kind, this.#now + ceilToTick(delayMs), owner, fire, machine);
  }

  /** As {@link schedule}, at a time on the grid that is not in the past. */
  scheduleAt(
    kind: EventKind,
    at: number,
    owner: Owner | undefined,
    fire: () => unknown,
    machine: Holder | undefined = owner?.machine,
  ): SimEvent {
    const event = new SimEvent(this.#queue, kind, at, this.#order++, owner, machine, fire);
    if (!this.#closed) this.#queue.push(event);
    if (kind === 'timer') this.#origins?.set(event, new Error('the timer was set here'));
    return event;
  }

  /** Lets events that were held back happen now, in their order. */
  release(held: readonly SimEvent[]): void {
    for (const event of held) {
      if (event.pending) this.#again(event, this.#now);
    }
  }

  /** Runs `code` as part of `owner`, so that what it breaks is put down to that one. */
  runAs<T>(owner: Owner, code: () => T): T {
    const before = this.#current;
    this.#current = owner;
    const endGuard = this.#guard(true);
    const guest = enter(this.#options.allowRealWorld ? undefined : this);
    try {
      return code();
    } finally {
      enter(guest);
      endGuard();
      this.#current = before;
    }
  }

  /** Asks `check` after every event; the first error it returns ends the run. */
  watch(check: () => SimulationError | undefined): void {
    this.#watchers.push(check);
  }

  /** From here on, what the present event breaks is put down to `owner`. */
  blame(owner: Owner): void {
    this.#current = owner;
  }

  /**
   * Notes that hosted code failed; the first failure ends the run. The dead are not blamed, and a
   * property that hosted code itself found violated is told of as such.
   */
  fail(cause: unknown, owner: Owner | undefined = this.#current): void {
    if (this.#failure !== undefined || (owner !== undefined && !owner.alive)) return;
    if (cause instanceof SimulationError && cause.code === 'SIM_VIOLATED') {
      this.#failure = cause;
      return;
    }
    const who = owner === undefined ? 'the world' : `node '${owner.machine.id}'`;
    const error = this.error('SIM_NODE_FAILED', `${who} threw`, {
      node: owner?.machine.id,
      cause,
    });
    const { onNodeError } = this.#options;
    if (owner !== undefined && onNodeError !== undefined) onNodeError(error);
    else this.#failure = error;
  }

  /** Notes that hosted code used the host's own `what`; that ends the run, whoever catches it. */
  refuse(what: string): SimulationError {
    const owner = this.#current;
    const error = this.error('SIM_REAL_WORLD', `node '${owner?.machine.id}' used ${what}`, {
      node: owner?.machine.id,
      cause: new Error(`${what} was used here; its port in the environment is what to use`),
    });
    if (owner?.alive) this.#failure ??= error;
    return error;
  }

  /** Where a timer was set, if that is kept. */
  originOf(event: SimEvent): Error | undefined {
    return this.#origins?.get(event);
  }

  /** An error that names the seed, the time, and the cause. */
  error(
    code: SimulationError['code'],
    what: string,
    facts: { node?: string | undefined; cause?: unknown; property?: string } = {},
  ): SimulationError {
    const { cause } = facts;
    const why = cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : cause}`;
    const message = `${what}, at ${this.#now} ms of seed ${this.seed}${why}`;
    return new SimulationError(code, message, { ...facts, seed: this.seed, atMs: this.#now });
  }

  /** Every event still to happen, in no order. */
  pending(): Iterable<SimEvent> {
    return this.#queue.pending();
  }

  /** Runs events, draining promises after each; resolves to whether `done` came to hold. */
  run({ untilMs, done, signal }: RunOptions): Promise<boolean> {
    this.#begin();
    const endInterception = interceptRejections();
    const endGuard = this.#guard(turnsAreAdjacent);
    const onRejection = (reason: unknown): boolean => this.#takeRejection(reason);
    return new Promise<boolean>((resolve, reject) => {
      const end = (): void => {
        rest();
        endGuard();
        endInterception();
        this.#running = false;
      };
      const rest = (): void => {
        this.#current = undefined;
        enter(undefined);
      };
      const step = (): boolean => {
        try {
          const outcome = this.#advance(untilMs, done, signal);
          if (outcome === undefined) return true;
          end();
          resolve(outcome);
        } catch (error) {
          end();
          reject(error);
        }
        return false;
      };
      // Promises that the caller started before this run get their turn first.
      everyTurn({ step, rest, onRejection });
    });
  }

  /** Runs events without draining promises in between: for code that has none. */
  runSync(untilMs: number): void {
    this.#begin();
    const endGuard = this.#guard(true);
    try {
      for (;;) {
        this.#look();
        const event = this.#nextBefore(untilMs);
        if (event === undefined) return;
        this.#happen(event);
      }
    } finally {
      enter(undefined);
      endGuard();
      this.#current = undefined;
      this.#running = false;
    }
  }

  /** Nothing happens any more. */
  close(): void {
    this.#closed = true;
    this.#queue.clear();
  }

  #begin(): void {
    if (this.#closed) throw this.error('SIM_CLOSED', 'the world is closed');
    if (this.#running) throw this.error('SIM_BUSY', 'the world is running already');
    this.#running = true;
    this.#current = undefined;
  }

  #guard(possible: boolean): () => void {
    return possible && !this.#options.allowRealWorld ? guardRealWorld() : () => {};
  }

  #takeRejection(reason: unknown): boolean {
    if (this.#current === undefined) return false;
    this.fail(reason);
    return true;
  }

  /** Runs one event; tells the run's outcome when there is nothing left to run for. */
  #advance(
    untilMs: number,
    done: (() => boolean) | undefined,
    signal: AbortSignal | undefined,
  ): boolean | undefined {
    this.#current = undefined;
    for (;;) {
      this.#look();
      signal?.throwIfAborted();
      if (done?.()) return true;
      const event = this.#nextBefore(untilMs);
      if (event === undefined) return false;
      if (this.#happen(event)) return undefined;
    }
  }

  /** Throws what has failed so far. */
  #look(): void {
    for (const check of this.#watchers) this.#failure ??= check();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The next event up to `untilMs`; without one, time moves on to `untilMs`. */
  #nextBefore(untilMs: number): SimEvent | undefined {
    const event = this.#queue.peek();
    const { maxVirtualMs } = this.#options;
    if (Math.min(event?.at ?? untilMs, untilMs) > maxVirtualMs) {
      throw (this.#failure ??= this.#endless(`${maxVirtualMs} ms of virtual time`));
    }
    if (event !== undefined && event.at <= untilMs) {
      if (event.at > this.#now) {
        this.#now = event.at;
        this.#eventsNow = 0;
      }
      return event;
    }
    if (untilMs > this.#now && Number.isFinite(untilMs)) this.#now = untilMs;
    return undefined;
  }

  /** Lets the first event happen; false when its time has passed it by. */
  #happen(event: SimEvent): boolean {
    this.#queue.pop();
    const { owner, machine, kind } = event;
    if (owner !== undefined && !owner.alive) {
      event.settle();
      return false;
    }
    if (machine?.paused) {
      machine.held.push(event);
      return false;
    }
    if (machine !== undefined && !event.waited && isBusy(machine, this.#now)) {
      machine.freeAtMs = Math.max(machine.freeAtMs, this.#now) + ceilToTick(machine.eventMs);
      this.#again(event, machine.freeAtMs).waited = true;
      return false;
    }
    event.settle();
    this.#events += 1;
    this.#eventsNow += 1;
    if (machine !== undefined && kind !== 'peer') this.#nodeEvents += 1;
    if (this.#eventsNow > this.#options.maxEventsPerInstant) this.#stuck(machine);
    if (this.#events > this.#options.maxEvents) {
      this.#failure ??= this.#endless(`${this.#options.maxEvents} events`, machine);
    }
    this.trace.add(this.#now, machine === undefined ? -1 : machine.index, kind);
    this.#current = owner;
    if (!this.#options.allowRealWorld) enter(this);
    try {
      const result = event.fire();
      if (isThenable(result)) result.then(undefined, (error) => this.fail(error, owner));
    } catch (error) {
      this.fail(error, owner);
    }
    return true;
  }

  /** Lets an event that has surfaced happen later. */
  #again(event: SimEvent, at: number): SimEvent {
    // The owner keeps the old event to cancel by, so the new one asks it.
    const fire = (): unknown => {
      if (!event.pending) return undefined;
      event.settle();
      return event.fire();
    };
    return this.scheduleAt(event.kind, at, event.owner, fire, event.machine);
  }

  #endless(budget: string, machine?: Holder): SimulationError {
    const last = machine === undefined ? '' : `; the last event was on node '${machine.id}'`;
    return this.error('SIM_ENDLESS', `the scenario has not ended within ${budget}${last}`, {
      node: machine?.id,
    });
  }

  #stuck(machine: Holder | undefined): void {
    const who = machine === undefined ? 'the world' : `node '${machine.id}'`;
    const what = `${this.#eventsNow} events at one instant; the last on ${who}: time stands still`;
    this.#failure ??= this.error('SIM_STUCK', what, { node: machine?.id });
  }
}

/** Whether an event has to wait: it is slow, or has not caught up yet with what it got before. */
function isBusy({ eventMs, freeAtMs }: Holder, now: number): boolean {
  return eventMs > 0 || freeAtMs >= now;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
