/** The suites hold for sound subjects that can be put through everything. */
import { fileSystemConformance, keyValueStoreConformance } from '@ds/storage/conformance';
import { describe, expect, it } from 'vitest';
import { LogStore } from './log-store.ts';
import { forgetfulSuite, storeSuite } from './subjects.ts';

describe('a file system that forgets at a power cut', () => {
  const { uncovered } = fileSystemConformance({
    describe,
    it,
    expect,
    ...forgetfulSuite((sound) => sound),
  });

  it('is put through every rule', () => expect(uncovered).toEqual([]));
});

describe('a store with a log', () => {
  const { uncovered } = keyValueStoreConformance({
    describe,
    it,
    expect,
    ...storeSuite((fileSystem, directory) => new LogStore(fileSystem, directory)),
  });

  it('is put through every rule', () => expect(uncovered).toEqual([]));
});
