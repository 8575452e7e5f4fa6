/**
 * Timestamps and ids that keep increasing across a restart, also when the machine's clock has been
 * set back meanwhile: the clock persists how far it may go, and the next run starts above that.
 */
import { formatTimestamp, HybridLogicalClock, SortableIds } from '@ds/clock';
import { ManualClock } from '@ds/clock/memory';

const AHEAD_MS = 10_000;

// Stands for a file that is synced before `persist` resolves.
const disk = { boundMs: 0 };
const persist = async (boundMs: number): Promise<void> => {
  disk.boundMs = boundMs;
};

async function run(wallMs: number): Promise<string> {
  const clock = new HybridLogicalClock({
    clock: new ManualClock({ wallMs }),
    startAboveMs: disk.boundMs,
  });
  // Again, well before the bound is reached, for as long as the process lives.
  await clock.extendUpperBound(persist, AHEAD_MS);
  console.log(`wall ${wallMs / 1_000} s: ${formatTimestamp(clock.now())}`);
  return new SortableIds({ clock }).next();
}

const before = await run(1_000_000_000);
const after = await run(999_000_000);
console.log(`the second id is greater: ${after > before}`);
