/** Runs the rules of the KeyValueStore port on an engine. */
import type { TestRunner } from '@ds/clock/conformance';
import type { KeyValueStore } from '../key-value-store.ts';
import { failureTests } from './key-value-store-failures.ts';
import { modelTests } from './key-value-store-model.ts';
import { readingTests } from './key-value-store-reads.ts';
import { type KeyValueStoreContext, writingTests } from './key-value-store-writes.ts';
import { absent, type Coverage, register } from './rule-test.ts';

export interface KeyValueStoreUnderTest {
  /** Open and empty. */
  readonly store: KeyValueStore;
  /** Ends the test; also the stores that the abilities gave end here. */
  close(): void | Promise<void>;
}

/** What an engine can be put through; each ability is declared by handing it in. */
export interface KeyValueStoreAbilities<Subject> {
  /** Closes the store, unless a test did, and opens it again on the same medium. */
  reopen?(subject: Subject): Promise<KeyValueStore>;
  /**
   * Cuts the power, whether the store is open or closed: everything not synced may be gone. Gives
   * the store opened on what survived.
   */
  crash?(subject: Subject): Promise<KeyValueStore>;
  /** The next sync that the store asks of its medium fails. */
  failNextSync?(subject: Subject): void;
  /**
   * Closes the store, flips bits in what it stored of its entries and opens it again; rejects with
   * what opening throws.
   */
  corrupt?(subject: Subject): Promise<KeyValueStore>;
}

export interface KeyValueStoreConformance<Subject extends KeyValueStoreUnderTest>
  extends TestRunner,
    KeyValueStoreAbilities<Subject> {
  create(): Subject | Promise<Subject>;
  /** Of the random tests; another one makes another run. @default 1 */
  seed?: number;
  /** Steps of each random test. @default 3000 */
  steps?: number;
}

export function keyValueStoreConformance<Subject extends KeyValueStoreUnderTest>(
  options: KeyValueStoreConformance<Subject>,
): Coverage {
  const { expect, create, reopen, crash, failNextSync, corrupt, seed = 1, steps = 3_000 } = options;
  return register<KeyValueStoreContext>(
    options,
    'a key-value store',
    [...writingTests, ...readingTests, ...failureTests, ...modelTests(seed, steps)],
    { reopen, crash, failNextSync, corrupt },
    async () => {
      const subject = await create();
      return {
        close: () => subject.close(),
        context: {
          expect,
          store: subject.store,
          reopen: async () => (reopen ?? absent('reopen'))(subject),
          crash: async () => (crash ?? absent('crash'))(subject),
          failNextSync: () => (failNextSync ?? absent('failNextSync'))(subject),
          corrupt: async () => (corrupt ?? absent('corrupt'))(subject),
        },
      };
    },
  );
}
