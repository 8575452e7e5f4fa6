import { explore, SimulationError } from '@ds/sim';
import { simulation } from '@ds/sim/vitest';
import { describe, expect, it } from 'vitest';
import { type RegisterRun, runRegister } from './register-scenario.ts';
import { Client, Replica, type Stamped } from './replicated-register.ts';

const SEEDS = 60;
const BUG_SEEDS = 400;

describe('a replicated register', () => {
  simulation(
    'is linearizable and live under chaos',
    { seeds: SEEDS, evidence: metEnough },
    (seed) => runRegister(seed),
  );

  const bugs: Record<string, { Replica?: typeof Replica; Client?: typeof Client }> = {
    'a read does not write back what it saw': {
      Client: class extends Client {
        override writesBack(): boolean {
          return false;
        }
      },
    },
    'a single replica is a quorum': {
      Client: class extends Client {
        override quorum(): number {
          return 1;
        }
      },
    },
    'a replica does not wait for its disk': {
      Replica: class extends Replica {
        override async persist(): Promise<void> {}
      },
    },
    'a replica takes whatever comes last': {
      Replica: class extends Replica {
        override accepts(): boolean {
          return true;
        }
      },
    },
    'a write does not look at newer ones first': {
      Client: class extends Client {
        #count = 0;
        override stampAfter(_newest: Stamped, index: number): number {
          this.#count += 1;
          return this.#count * 16 + index;
        }
      },
    },
  };

  for (const [bug, protocol] of Object.entries(bugs)) {
    it(`is caught when ${bug}`, { timeout: 120_000 }, async () => {
      const found = await explore({
        scenario: (seed) => runRegister(seed, protocol),
        seeds: BUG_SEEDS,
      }).catch((error: unknown) => error);
      expect(found).toBeInstanceOf(SimulationError);
      const { code, seed, message } = found as SimulationError;
      expect(code).toBe('SIM_SCENARIO_FAILED');
      expect(message).toContain('none of them explains');
      expect(message).toContain(`DS_SEED=${seed}`);
    });
  }
});

/** Histories without faults or contention would prove nothing. */
function metEnough(runs: readonly RegisterRun[]): void {
  const contended = runs.filter(({ maxConcurrency }) => maxConcurrency > 1);
  expect(contended.length).toBeGreaterThan(runs.length / 2);
  for (const kind of ['crashes', 'lost', 'duplicated', 'reordered'] as const) {
    const total = runs.reduce((sum, { counts }) => sum + counts[kind], 0);
    expect(total).toBeGreaterThan(runs.length);
  }
}
