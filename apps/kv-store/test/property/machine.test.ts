import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Condition,
  decodeOutcome,
  encodeCommand,
  type KvOperation,
} from '../../src/commands.ts';
import { applyCommand, decodeVersioned, type KeyTransaction } from '../../src/machine.ts';

/** A transaction over a plain map, as raft's machine would give one. */
class MapTransaction implements KeyTransaction {
  readonly map = new Map<string, Uint8Array>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.map.get(hex(key));
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.map.set(hex(key), value);
  }

  delete(key: Uint8Array): void {
    this.map.delete(hex(key));
  }
}

const hex = (key: Uint8Array): string => Buffer.from(key).toString('hex');

const smallKey = fc.constantFrom(...'abc').map((text) => Buffer.from(text));
const condition: fc.Arbitrary<Condition | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ type: fc.constant('version' as const), version: fc.nat(12) }),
  fc.constantFrom({ type: 'exists' as const }, { type: 'absent' as const }),
);
const operation: fc.Arbitrary<KvOperation> = fc.oneof(
  fc.record({
    type: fc.constant('put' as const),
    key: smallKey,
    value: fc.uint8Array({ maxLength: 3 }),
    condition,
  }),
  fc.record({
    type: fc.constantFrom('delete' as const, 'check' as const),
    key: smallKey,
    condition,
  }),
);

describe('applying commands', () => {
  it('agrees with a model in a dozen lines: all or nothing, judged on the state before', () => {
    const batches = fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(batches, (log) => {
        const transaction = new MapTransaction();
        const model = new Map<string, { version: number; value: string }>();
        for (const [i, batch] of log.entries()) {
          const index = i + 1;
          const outcome = decodeOutcome(applyCommand(transaction, encodeCommand(batch), { index }));
          const failing = batch.findIndex(({ key, condition: it }) => {
            const version = model.get(hex(key))?.version ?? 0;
            if (it?.type === 'version') return version === 0 || version !== it.version;
            return it !== undefined && (it.type === 'exists') !== version > 0;
          });
          if (failing >= 0) {
            const currentVersion = model.get(hex(batch[failing]!.key))?.version ?? 0;
            expect(outcome).toEqual({ status: 'conflict', operation: failing, currentVersion });
            continue;
          }
          expect(outcome).toMatchObject({ status: 'done', version: index });
          for (const each of batch) {
            if (each.type === 'put')
              model.set(hex(each.key), { version: index, value: hex(each.value) });
            if (each.type === 'delete') model.delete(hex(each.key));
          }
        }
        const kept = [...transaction.map].map(([key, stored]) => {
          const { version, value } = decodeVersioned(stored);
          return [key, { version, value: hex(value) }];
        });
        expect(Object.fromEntries(kept)).toEqual(Object.fromEntries(model));
      }),
      { numRuns: 500 },
    );
  });

  it('answers bytes that are no command without changing anything or throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const transaction = new MapTransaction();
        const outcome = decodeOutcome(applyCommand(transaction, bytes, { index: 1 }));
        if (outcome.status === 'malformed') expect(transaction.map.size).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
