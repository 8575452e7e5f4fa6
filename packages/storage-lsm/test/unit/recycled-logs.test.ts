/** A log's file is used again for another log; what it held before must never come back. */
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import { openWithDecisions } from '../../src/open.ts';
import { text, toText } from '../text.ts';
import { TINY } from '../tiny.ts';

const OPTIONS = { ...TINY, memtableBytes: 1024, directory: 'd' };
const KEYS = 7;

/** Counts the files that were made, as opposed to renamed. */
class CountingFileSystem extends MemoryFileSystem {
  logsMade = 0;
  logsRenamed = 0;

  override open(...[path, options]: Parameters<MemoryFileSystem['open']>) {
    if (path.endsWith('.log') && options.mode === 'create') this.logsMade += 1;
    return super.open(path, options);
  }

  override rename(from: string, to: string): void {
    if (to.endsWith('.log')) this.logsRenamed += 1;
    super.rename(from, to);
  }
}

/** The files of a store whose process was killed after `count` writes. */
async function killedAfter(count: number): Promise<CountingFileSystem> {
  const fileSystem = new CountingFileSystem();
  const store = await openWithDecisions({ ...OPTIONS, fileSystem }, SAFE_DECISIONS);
  for (let i = 0; i < count; i += 1) {
    const value = text(`value ${i} `.padEnd(90, 'v'));
    await store.write([{ type: 'put', key: text(`key ${i % KEYS}`), value }], { durable: true });
  }
  const copy = new CountingFileSystem();
  Object.assign(copy, { logsMade: fileSystem.logsMade, logsRenamed: fileSystem.logsRenamed });
  copy.mkdir('d');
  for (const name of fileSystem.list('d').filter((each) => each !== 'LOCK')) {
    const file = fileSystem.open(`d/${name}`, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    MemoryFileSystem.prototype.open.call(copy, `d/${name}`, { mode: 'create' }).write(0, bytes);
  }
  await store.close();
  return copy;
}

/** Whether the store holds just the newest value of each key. */
async function isRight(
  fileSystem: MemoryFileSystem,
  count: number,
  decisions: SafetyDecisions,
): Promise<boolean> {
  await using store = await openWithDecisions({ ...OPTIONS, fileSystem }, decisions);
  const found = [...store.range()].map(({ key, value }) => `${toText(key)}=${toText(value)}`);
  const expected = Array.from({ length: KEYS }, (_, key) => {
    const newest = count - 1 - ((((count - 1 - key) % KEYS) + KEYS) % KEYS);
    return `key ${key}=${`value ${newest} `.padEnd(90, 'v')}`;
  });
  return found.join() === expected.join();
}

describe('a log whose file held another log before', () => {
  it('is recovered without anything of the other', async () => {
    for (let count = 100; count < 140; count += 1) {
      const fileSystem = await killedAfter(count);
      expect(fileSystem.logsRenamed).toBeGreaterThan(5);
      expect(fileSystem.logsMade).toBeLessThan(6);
      expect(await isRight(fileSystem, count, SAFE_DECISIONS), `after ${count}`).toBe(true);
    }
  });

  it('gives old values for new where its records are not told apart (planted)', async () => {
    const careless = { ...SAFE_DECISIONS, isNextRecord: () => true };
    let wrong = 0;
    for (let count = 100; count < 140; count += 1) {
      const outcome = await isRight(await killedAfter(count), count, careless).catch(() => false);
      if (!outcome) wrong += 1;
    }
    expect(wrong).toBeGreaterThan(0);
  });
});
