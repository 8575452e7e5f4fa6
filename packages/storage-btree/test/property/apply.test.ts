/** A tree takes changes in slices of any size, and is whole and right after each. */
import type { Batch, Operation } from '@ds/storage';
import { bounded, Memtable } from '@ds/storage/engine';
import { MemoryFileSystem } from '@ds/storage/memory';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyChanges } from '../../src/changing/apply.ts';
import { changesOf } from '../../src/changing/memtable-changes.ts';
import { SAFE_DECISIONS } from '../../src/decisions.ts';
import { openDataFile } from '../../src/durable/data-file.ts';
import { resolveOptions } from '../../src/options.ts';
import type { TreeReference } from '../../src/pages/tree-reference.ts';
import { TreeCursor } from '../../src/reading/tree-cursor.ts';
import { verifyTree } from '../../src/reading/verify.ts';
import { seedsFrom } from '../seeds.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';
import { Model } from './model.ts';

/** Behind all keys that are written here. */
const END = new Uint8Array(200).fill(0xff);

function memtableOf(batch: Batch): Memtable {
  const memtable = new Memtable(1, 4096);
  bounded(batch, () => END).forEach((operation, i) => {
    if (operation.type === 'put') memtable.insert(i + 1, operation.key, operation.value);
    else if (operation.type === 'delete') memtable.insert(i + 1, operation.key, undefined);
    else memtable.deleteRange(i + 1, operation.gte, operation.lt, 0);
  });
  return memtable;
}

/** A file with a tree in it, and what the tree should hold. */
class Subject {
  readonly #data: Awaited<ReturnType<typeof openDataFile>>;
  #tree: TreeReference;
  #version: number;
  #model = new Model();

  constructor(data: Awaited<ReturnType<typeof openDataFile>>) {
    this.#data = data;
    this.#tree = data.meta.root;
    this.#version = data.meta.version;
  }

  static async open(): Promise<Subject> {
    const fileSystem = new MemoryFileSystem();
    fileSystem.mkdir('d');
    return new Subject(await openDataFile(resolveOptions({ ...TINY, fileSystem, directory: 'd' })));
  }

  /** Takes the batch in slices; returns how many it took. */
  async take(batch: Batch, maxPages: number): Promise<number> {
    const { writer, checkpoints } = this.#data;
    const changes = changesOf(memtableOf(batch));
    let slices = 0;
    for (; !changes.isDone; slices += 1) {
      this.#tree = applyChanges(this.#tree, changes, writer, SAFE_DECISIONS, maxPages);
      this.#version += 1;
      const log = { logNumber: 1, appliedSequence: 0, syncedSequence: 0 };
      await checkpoints.write(this.#tree, this.#version, log, async () => {});
      this.#verify();
    }
    this.#model = this.#model.with(batch);
    return slices;
  }

  check(): void {
    const { pager } = this.#data;
    const found: string[] = [];
    const cursor = new TreeCursor(this.#tree, { pager, decisions: SAFE_DECISIONS });
    for (cursor.first(); cursor.valid; cursor.next()) {
      found.push(`${toText(cursor.key())}=${toText(cursor.value())}`);
    }
    const { entries } = this.#model;
    expect(found).toEqual(entries.map(({ key, value }) => `${toText(key)}=${toText(value)}`));
    expect(this.#verify().entries).toBe(entries.length);
  }

  #verify(): ReturnType<typeof verifyTree> {
    const { pager, writer, checkpoints } = this.#data;
    const source = { pager, decisions: SAFE_DECISIONS };
    return verifyTree(this.#tree, source, writer.space, checkpoints);
  }
}

const key = fc.nat(600).map((n) => text(`key-${String(n).padStart(3, '0')}`));
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('put' as const),
      key,
      value: fc.oneof(fc.nat(60), fc.nat(60), fc.nat(1200)).map((n) => text('v'.repeat(n))),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('deleteRange' as const), gte: key, lt: key }),
  },
);
const slice = fc.record({
  batch: fc.array(operation, { minLength: 1, maxLength: 150 }),
  maxPages: fc.integer({ min: 1, max: 12 }),
});

for (const seed of seedsFrom(1, 1)) {
  it(`in slices a tree takes the same changes as at once (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(slice, { minLength: 1, maxLength: 8 }), async (slices) => {
        const subject = await Subject.open();
        for (const { batch, maxPages } of slices) await subject.take(batch, maxPages);
        subject.check();
      }),
      { seed, numRuns: 60 },
    );
  }, 120_000);
}

it('thousands of changes to one leaf are taken in more than one slice', async () => {
  const subject = await Subject.open();
  const numbered = (count: number, mark: string): Batch =>
    Array.from({ length: count }, (_, i) => ({
      type: 'put',
      key: text(`k${String(i).padStart(6, '0')}${mark}`),
      value: text(mark),
    }));
  const ends: Batch = ['k', 'l'].map((name) => ({ type: 'put', key: text(name), value: text('') }));
  await subject.take(ends, 4);
  expect(await subject.take(numbered(9000, 'a'), Number.POSITIVE_INFINITY)).toBeGreaterThan(1);
  expect(await subject.take(numbered(3000, 'b'), 10)).toBeGreaterThan(5);
  await subject.take([{ type: 'deleteRange', gte: text('k000100'), lt: text('k008000') }], 3);
  subject.check();
}, 60_000);
