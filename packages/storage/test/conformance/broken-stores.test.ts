import { describe, expect, it } from 'vitest';
import { brokenStores } from './broken-stores.ts';
import { LogStore } from './log-store.ts';
import { storeFailures } from './subjects.ts';

describe('the key-value store suite', () => {
  it('has nothing against a sound store', async () => {
    expect(await storeFailures((...place) => new LogStore(...place))).toEqual([]);
  });

  it.each(brokenStores)('fails at $breaks one that $bug', async ({ breaks, open }) => {
    const failures = await storeFailures(open, breaks);
    expect(failures).not.toEqual([]);
  });

  it('has for every rule one that breaks it', () => {
    const broken = new Set(brokenStores.map(({ breaks }) => breaks.split(':')[0]));
    for (let rule = 1; rule <= 10; rule += 1) expect(broken).toContain(`rule ${rule}`);
  });
});
