/** The table of planted bugs: after how many workloads, and faults in the last, each is caught. */
import { callsOf, meetFault } from './simulation/crash-harness.ts';
import { PLANTED_BUGS } from './simulation/planted.ts';
import { Violation } from './simulation/workload.ts';

interface Options {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

interface Caught {
  name: string;
  caught: boolean;
  seeds: number;
  events: number;
}

export async function run(options: Options): Promise<{ bugs: Caught[] }> {
  const bugs: Caught[] = [];
  for (const name of Object.keys(PLANTED_BUGS)) {
    options.progress(name);
    bugs.push(await hunt(name, options));
  }
  return { bugs };
}

async function hunt(name: string, { firstSeed, seeds, signal }: Options): Promise<Caught> {
  const decisions = PLANTED_BUGS[name];
  let events = 0;
  let tried = 0;
  while (tried < seeds && !signal.aborted) {
    const seed = firstSeed + tried;
    tried += 1;
    events = 0;
    try {
      for (const { index: callIndex } of await callsOf(seed, decisions)) {
        if (signal.aborted) break;
        events += 1;
        await meetFault({ seed, callIndex, fault: 'crash' }, decisions);
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return { name, caught: true, seeds: tried, events };
    }
  }
  return { name, caught: false, seeds: tried, events };
}
