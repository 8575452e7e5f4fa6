/** The long simulation: `npm run soak -- crdt`. Each seed is one run of every type. */
import { type SoakOptions, type SoakResult, soak } from '@ds/sim';
import { subjects } from './classic/subjects.ts';
import { runConvergence, stateKind, textKind } from './simulation/scenario.ts';

export function run(options: SoakOptions): Promise<SoakResult> {
  const kinds = [
    textKind(),
    textKind({ forgets: true }),
    ...subjects.map((subject) => stateKind(subject)),
  ];
  return soak(options, async (seed) => {
    const covered: Record<string, number> = {};
    for (const kind of kinds) {
      const { changes, crashes, partitions, events, forgotten } = await runConvergence(kind, seed);
      for (const [name, count] of Object.entries({
        changes,
        crashes,
        partitions,
        events,
        forgotten,
      })) {
        covered[name] = (covered[name] ?? 0) + count;
      }
    }
    return covered;
  });
}
