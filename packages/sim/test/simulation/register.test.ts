import { explore, SimulationError } from '@ds/sim';
import { describe, expect, it } from 'vitest';
import { runRegister } from './register-scenario.ts';
import { Client, Replica, type Stamped } from './replicated-register.ts';

const SEEDS = 60;
const BUG_SEEDS = 400;

describe('a replicated register', () => {
  it(`is linearizable and live in ${SEEDS} seeds of chaos`, { timeout: 120_000 }, async () => {
    const totals = { operations: 0, crashes: 0, lost: 0, duplicated: 0, reordered: 0 };
    let contended = 0;
    const { runs } = await explore({
      scenario: (seed) => runRegister(seed),
      seeds: SEEDS,
      environment: process.env,
      command: 'npx vitest run packages/sim/test/simulation/register.test.ts',
      onRun: (_seed, { operations, maxConcurrency, counts }) => {
        totals.operations += operations;
        for (const kind of ['crashes', 'lost', 'duplicated', 'reordered'] as const) {
          totals[kind] += counts[kind];
        }
        if (maxConcurrency > 1) contended += 1;
      },
    });
    // Histories without faults or contention would prove nothing. A few seeds need not have all.
    if (runs < SEEDS) return;
    expect(contended).toBeGreaterThan(runs / 2);
    for (const total of Object.values(totals)) expect(total).toBeGreaterThan(runs);
  });

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
