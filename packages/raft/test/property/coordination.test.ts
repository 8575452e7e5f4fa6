/** The coordination machine and the store machine's ranges, against models a page long. */
import { MemoryStore } from '@ds/storage/memory';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type CoordinationCommand,
  decodeAnswer,
  encodeCommand,
  openCoordinationMachine,
} from '../../src/coordination.ts';
import { openStoreMachine } from '../../src/index.ts';

interface ModelRecord {
  readonly value: number;
  readonly version: number;
  readonly lease: number | undefined;
}

/** Plain maps, and a list of leases that is looked through. */
class Model {
  readonly keys = new Map<number, ModelRecord>();
  readonly leases = new Map<number, { readonly ttl: number; ends: number }>();
  #now = 0;

  take(index: number, command: CoordinationCommand): string {
    switch (command.kind) {
      case 'put':
      case 'delete': {
        const key = command.key[0]!;
        const version = this.keys.get(key)?.version ?? 0;
        if (command.ifVersion !== undefined && command.ifVersion !== version) return 'conflict';
        if (command.kind === 'delete') this.keys.delete(key);
        else {
          const { lease } = command;
          if (lease !== undefined && !this.leases.has(lease)) return 'no-lease';
          this.keys.set(key, { value: command.value[0]!, version: index, lease });
        }
        return 'ok';
      }
      case 'grant':
        if (this.leases.size >= 3) return 'too-many-leases';
        this.leases.set(index, { ttl: command.ttlMs, ends: this.#now + command.ttlMs + 1_000 });
        return 'ok';
      case 'keep-alive': {
        const lease = this.leases.get(command.lease);
        if (lease === undefined) return 'no-lease';
        lease.ends = this.#now + lease.ttl + 1_000;
        return 'ok';
      }
      case 'revoke':
        if (!this.leases.has(command.lease)) return 'no-lease';
        this.#end(command.lease);
        return 'ok';
      case 'advance':
        this.#now += Math.min(command.elapsedMs, 1_000);
        for (const [id, { ends }] of this.leases) if (ends <= this.#now) this.#end(id);
        return 'ok';
    }
  }

  #end(lease: number): void {
    this.leases.delete(lease);
    for (const [key, record] of this.keys) if (record.lease === lease) this.keys.delete(key);
  }
}

const small = fc.nat(6);
const key = fc.nat(3).map((n) => Uint8Array.of(n));
const maybe = (of: fc.Arbitrary<number>) => fc.option(of, { nil: undefined });
const command: fc.Arbitrary<CoordinationCommand> = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    key,
    value: small.map((n) => Uint8Array.of(n)),
    ifVersion: maybe(small),
    lease: maybe(fc.integer({ min: 1, max: 8 })),
  }),
  fc.record({ kind: fc.constant('delete' as const), key, ifVersion: maybe(small) }),
  fc.record({ kind: fc.constant('grant' as const), ttlMs: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({ kind: fc.constantFrom('keep-alive' as const, 'revoke' as const), lease: small }),
  fc.record({ kind: fc.constant('advance' as const), elapsedMs: fc.nat(1_500) }),
);

it('the coordination machine answers as its model, however its entries are grouped', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(command, { maxLength: 5 }), { maxLength: 12 }),
      async (groups) => {
        const machine = await openCoordinationMachine({ store: new MemoryStore(), maxLeases: 3 });
        const model = new Model();
        let index = 0;
        for (const commands of groups.filter(({ length }) => length > 0)) {
          const entries = commands.map((each) => {
            index += 1;
            const entry = { index, term: 1, kind: 'command', tag: undefined } as const;
            return { ...entry, command: encodeCommand(each) };
          });
          const expected = commands.map((each, i) => model.take(entries[i]!.index, each));
          const results = await machine.apply(entries);
          expect(results.map((result) => result.ok && decodeAnswer(result.result).status)).toEqual(
            expected,
          );
          expect(machine.leases).toBe(model.leases.size);
          for (let k = 0; k < 4; k += 1) {
            const record = machine.lookup(Uint8Array.of(k));
            const plain = record && { ...record, value: record.value[0] };
            expect(plain).toEqual(model.keys.get(k));
          }
        }
      },
    ),
  );
});

it('a range within apply shows the store and what the group has changed, in order', async () => {
  const operation = fc.record({ key: fc.nat(9), value: maybe(fc.nat(5)) });
  const bounds = fc.record({
    from: fc.nat(9),
    to: fc.nat(9),
    reverse: fc.boolean(),
    limit: fc.nat(4),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(operation, { minLength: 1, maxLength: 8 }), { maxLength: 4 }),
      bounds,
      async (groups, { from, to, reverse, limit }) => {
        const model = new Map<number, number>();
        const machine = await openStoreMachine({
          store: new MemoryStore(),
          apply: (transaction, [k, has, v]) => {
            const at = Uint8Array.of(k!);
            if (has) transaction.put(at, Uint8Array.of(v!));
            else transaction.delete(at);
            if (has) model.set(k!, v!);
            else model.delete(k!);
            const within = { gte: Uint8Array.of(from), lte: Uint8Array.of(to), reverse, limit };
            const seen = [...transaction.range(within)].map((e) => [e.key[0], e.value[0]]);
            const sorted = [...model]
              .filter(([n]) => n >= from && n <= to)
              .sort(([a], [b]) => a - b);
            if (reverse) sorted.reverse();
            expect(seen).toEqual(sorted.slice(0, limit));
            return new Uint8Array(0);
          },
        });
        let index = 0;
        for (const group of groups) {
          await machine.apply(
            group.map(({ key: k, value }) => {
              index += 1;
              const bytes = Uint8Array.of(k, value === undefined ? 0 : 1, value ?? 0);
              return { index, term: 1, kind: 'command', command: bytes, tag: undefined } as const;
            }),
          );
        }
      },
    ),
  );
});
