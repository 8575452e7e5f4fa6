import { SimDisk, seededRandom } from '@ds/sim';
import { alteredFiles } from '@ds/sim/engines';
import type { File, FileSystem } from '@ds/storage';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SLOTS = 8;
const SLOT_BYTES = 150;

type Step =
  | { readonly kind: 'write'; readonly slot: number; readonly byte: number }
  | { readonly kind: 'sync' }
  | { readonly kind: 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      slot: fc.nat(SLOTS - 1),
      byte: fc.integer({ min: 1, max: 255 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'sync' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
);

/**
 * Writes, syncs and crashes. After a crash every byte must be one that was there at the last sync
 * or at some moment since.
 */
async function run(
  seed: number,
  steps: readonly Step[],
  view: (fileSystem: FileSystem) => FileSystem = (fileSystem) => fileSystem,
): Promise<{ lost: boolean }> {
  const disk = new SimDisk({ random: seededRandom(seed) });
  let file = view(disk.fileSystem()).open('data', { mode: 'create' });
  await disk.fileSystem().syncDirectory('/');
  let latest = new Uint8Array(SLOTS * SLOT_BYTES);
  let moments = [latest];
  let lost = false;
  for (const each of steps) {
    if (each.kind === 'write') {
      file.write(each.slot * SLOT_BYTES, new Uint8Array(SLOT_BYTES).fill(each.byte));
      latest = latest.slice();
      latest.fill(each.byte, each.slot * SLOT_BYTES, (each.slot + 1) * SLOT_BYTES);
      moments.push(latest);
    } else if (each.kind === 'sync') {
      await file.datasync();
      moments = [latest];
    } else {
      disk.crash();
      file = view(disk.fileSystem()).open('data', { mode: 'write' });
      const found = new Uint8Array(SLOTS * SLOT_BYTES);
      found.set(contentOf(file));
      const strange = found.findIndex((byte, at) => !moments.some((then) => then[at] === byte));
      if (strange >= 0) throw new Error(`byte ${strange} was never ${found[strange]}`);
      lost ||= found.some((byte, at) => byte !== latest[at]);
      latest = found;
      moments = [found];
    }
  }
  return { lost };
}

function contentOf(file: File): Uint8Array {
  const content = new Uint8Array(file.size());
  file.read(0, content);
  return content;
}

const scripts = fc.tuple(fc.nat(), fc.array(step, { minLength: 1, maxLength: 40 }));

describe('a simulated disk', () => {
  it('keeps what was synced, and invents nothing', async () => {
    let losses = 0;
    await fc.assert(
      fc.asyncProperty(scripts, async ([seed, steps]) => {
        const { lost } = await run(seed, [...steps, { kind: 'crash' }]);
        if (lost) losses += 1;
      }),
      { numRuns: 600, seed: 3 },
    );
    // A disk that never loses anything would pass as well.
    expect(losses).toBeGreaterThan(100);
  });

  it('would be caught if datasync resolved before anything is kept', async () => {
    const forgetful = (fileSystem: FileSystem): FileSystem =>
      alteredFiles(fileSystem, () => ({ datasync: async () => {} }));
    const check = fc.asyncProperty(scripts, async ([seed, steps]) => {
      await run(seed, [...steps, { kind: 'crash' }], forgetful);
    });
    expect((await fc.check(check, { numRuns: 600, seed: 3 })).failed).toBe(true);
  });

  it('produces every kind of damage an unsynced write can suffer', () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 400; seed += 1) {
      const disk = new SimDisk({ random: seededRandom(seed) });
      const file = disk.fileSystem().open('data', { mode: 'create' });
      file.write(0, new Uint8Array(1_500).fill(1));
      file.write(1_500, new Uint8Array(1_500).fill(2));
      disk.crash();
      const [name] = disk.fileSystem().list('/');
      if (name === undefined) {
        kinds.add('file gone');
        continue;
      }
      const content = contentOf(disk.fileSystem().open(name, { mode: 'read' }));
      kinds.add(describeDamage(content));
    }
    for (const kind of ['file gone', 'empty', 'whole', 'first only', 'zeros before the second'])
      expect(kinds).toContain(kind);
    for (const kind of ['torn at a byte', 'torn by sectors']) expect(kinds).toContain(kind);
  });

  it('loses names that were not synced, and a rename leaves the old file or the new', () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 200; seed += 1) {
      const disk = new SimDisk({ random: seededRandom(seed) });
      const fileSystem = disk.fileSystem();
      fileSystem.open('a', { mode: 'create' });
      fileSystem.rename('a', 'b');
      fileSystem.open('c', { mode: 'create' });
      fileSystem.remove('c');
      disk.crash();
      outcomes.add(disk.fileSystem().list('/').join(' '));
    }
    expect(outcomes).toContain('');
    expect(outcomes).toContain('a');
    expect(outcomes).toContain('b');
    expect(outcomes).toContain('b c');
    expect([...outcomes].some((names) => names.includes('a b'))).toBe(false);
  });
});

function describeDamage(content: Uint8Array): string {
  if (content.length === 0) return 'empty';
  const [first, second] = [content.subarray(0, 1_500), content.subarray(1_500)];
  const all = (bytes: Uint8Array, value: number): boolean => bytes.every((byte) => byte === value);
  if (all(first, 1) && first.length === 1_500) {
    if (second.length === 0) return 'first only';
    if (all(second, 2) && second.length === 1_500) return 'whole';
  }
  if (all(first, 0) && second.length > 0 && all(second, 2)) return 'zeros before the second';
  if (all(content, 1) && content.length % 512 !== 0) return 'torn at a byte';
  if (content.includes(0) && content.includes(1) && content.indexOf(0) % 512 === 0) {
    return 'torn by sectors';
  }
  return 'other';
}
