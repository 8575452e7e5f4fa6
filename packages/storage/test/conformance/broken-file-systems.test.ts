import { describe, expect, it } from 'vitest';
import { brokenFileSystems } from './broken-file-systems.ts';
import { fileSystemFailures } from './subjects.ts';

describe('the file system suite', () => {
  it('has nothing against a sound file system', async () => {
    expect(await fileSystemFailures((sound) => sound)).toEqual([]);
  });

  it.each(brokenFileSystems)('fails at $breaks one that $bug', async ({ breaks, wrap }) => {
    const failures = await fileSystemFailures(wrap, breaks);
    expect(failures).not.toEqual([]);
  });

  it('has for every rule one that breaks it', () => {
    const broken = new Set(brokenFileSystems.map(({ breaks }) => breaks.split(':')[0]));
    for (let rule = 1; rule <= 8; rule += 1) expect(broken).toContain(`rule ${rule}`);
  });
});
