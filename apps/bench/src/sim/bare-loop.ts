/** The ceiling: a binary heap of times, and a loop that calls what comes first. */
import { runContender } from '../contender.ts';
import {
  hoursPerMinute,
  IDLE_EVENTS_PER_HOUR,
  LONG_RUNS,
  perCpuSecond,
  REGISTER_EVENTS,
} from './load.ts';

const HOUR_MS = 3_600_000;
const CALLS = 50_000;

interface Call {
  readonly at: number;
  readonly fire: () => void;
}

class Loop {
  readonly #heap: Call[] = [];
  #now = 0;

  after(delayMs: number, fire: () => void): void {
    const call = { at: this.#now + delayMs, fire };
    const heap = this.#heap;
    let at = heap.length;
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]!.at > call.at; ) {
      heap[at] = heap[parent]!;
      at = parent;
      parent = (at - 1) >> 1;
    }
    heap[at] = call;
  }

  next(): void {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= last.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    if (heap.length > 0) heap[at] = last;
    this.#now = first.at;
    first.fire();
  }
}

/** Ten timers, each of which sets itself again: about as many as five nodes have pending. */
function started(): Loop {
  const loop = new Loop();
  for (let i = 1; i <= 10; i += 1) {
    const again = (): void => loop.after(i, again);
    again();
  }
  return loop;
}

function calls(durationMs: number): Promise<number> {
  const loop = started();
  return perCpuSecond(durationMs, () => {
    for (let i = 0; i < CALLS; i += 1) loop.next();
    return CALLS;
  });
}

function turns(durationMs: number): Promise<number> {
  const loop = started();
  return perCpuSecond(durationMs, async () => {
    for (let i = 0; i < CALLS; i += 1) {
      loop.next();
      await undefined;
    }
    return CALLS;
  });
}

await runContender(
  { name: 'bare loop', version: process.version, configuration: 'a binary heap, and nothing else' },
  {
    'core steps without promises': calls,
    'driver-level events': turns,
    'five idle Raft nodes, heartbeat 100 ms': async (durationMs) =>
      hoursPerMinute(((await turns(durationMs)) / IDLE_EVENTS_PER_HOUR) * HOUR_MS),
    'five idle Raft nodes, heartbeat 50 ms': async (durationMs) =>
      hoursPerMinute(((await turns(durationMs)) / (2 * IDLE_EVENTS_PER_HOUR)) * HOUR_MS),
    'seeds of a lossy register': async (durationMs) => (await turns(durationMs)) / REGISTER_EVENTS,
  },
  LONG_RUNS,
);
