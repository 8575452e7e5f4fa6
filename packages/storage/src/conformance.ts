/**
 * Does a file system, does an engine, keep the rules of its port? Run the suites on your own:
 *
 * ```ts
 * const { uncovered } = keyValueStoreConformance({ describe, it, expect, create, crash });
 * ```
 *
 * Some rules speak of power cuts, failing syncs, damage and dead owners. What a subject can be put
 * through is declared by handing in the ability; a rule that needs an absent one is not registered,
 * and its title is listed in `uncovered`, so that nothing passes by silence.
 */
export {
  type FileSystemAbilities,
  type FileSystemConformance,
  type FileSystemUnderTest,
  fileSystemConformance,
} from './conformance/file-system-suite.ts';
export {
  type KeyValueStoreAbilities,
  type KeyValueStoreConformance,
  type KeyValueStoreUnderTest,
  keyValueStoreConformance,
} from './conformance/key-value-store-suite.ts';
export type { Coverage } from './conformance/rule-test.ts';
