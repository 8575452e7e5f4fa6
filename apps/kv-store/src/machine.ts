/**
 * What an entry of the log does to the map: the one place where the store's meaning is written.
 *
 * Each key holds its value and its version, the log index of its last write; so versions grow, are
 * the same on every node, and a version never comes back with another value. All conditions of a
 * batch are judged against the map as it was before the batch; then all operations take effect, or
 * none. Of several operations on one key the last wins.
 *
 * Invariant: the result depends on the map, the command and the index alone, and never throws: a
 * command that cannot be read is answered, not fatal, and is answered alike on every node.
 *
 * Cost: one read per condition and per delete; an unconditional put reads nothing.
 */
import type { Transaction } from '@ds/raft';
import {
  type Condition,
  decodeCommand,
  encodeOutcome,
  type Found,
  type KvOperation,
  type Outcome,
} from './commands.ts';
import { readVarint, varintBytes, writeVarint } from './varint.ts';

/** What a command needs of its transaction: single keys. */
export type KeyTransaction = Pick<Transaction, 'get' | 'put' | 'delete'>;

/** A value and the log index of the write that put it there. */
export interface Versioned {
  readonly version: number;
  readonly value: Uint8Array;
}

/** Applies the command of the entry at `index` and returns its outcome as bytes. */
export function applyCommand(
  transaction: KeyTransaction,
  command: Uint8Array,
  { index }: { readonly index: number },
): Uint8Array {
  return encodeOutcome(applyOperations(transaction, readCommand(command), index));
}

/** Splits what the machine keeps under a key into version and value; the value is a view. */
export function decodeVersioned(stored: Uint8Array): Versioned {
  const cursor = { bytes: stored, at: 0 };
  const version = readVarint(cursor);
  return { version, value: stored.subarray(cursor.at) };
}

function readCommand(command: Uint8Array): readonly KvOperation[] | undefined {
  try {
    return decodeCommand(command);
  } catch {
    // Encoding checked it, so only a peer of another version or a hostile one gets here.
    return undefined;
  }
}

function applyOperations(
  transaction: KeyTransaction,
  operations: readonly KvOperation[] | undefined,
  index: number,
): Outcome {
  if (operations === undefined) return { status: 'malformed' };
  const found: Found[] = [];
  for (const [operation, { type, key, condition }] of operations.entries()) {
    if (type === 'put' && condition === undefined) {
      found.push('unknown');
      continue;
    }
    const currentVersion = versionOf(transaction.get(key));
    if (!holds(condition, currentVersion)) return { status: 'conflict', operation, currentVersion };
    found.push(currentVersion === 0 ? 'absent' : 'present');
  }
  for (const operation of operations) {
    if (operation.type === 'put') {
      transaction.put(operation.key, encodeVersioned(index, operation.value));
    } else if (operation.type === 'delete') {
      transaction.delete(operation.key);
    }
  }
  return { status: 'done', version: index, found };
}

function holds(condition: Condition | undefined, currentVersion: number): boolean {
  switch (condition?.type) {
    case undefined:
      return true;
    case 'version':
      return currentVersion === condition.version && currentVersion !== 0;
    case 'exists':
      return currentVersion !== 0;
    case 'absent':
      return currentVersion === 0;
  }
}

function versionOf(stored: Uint8Array | undefined): number {
  return stored === undefined ? 0 : readVarint({ bytes: stored, at: 0 });
}

function encodeVersioned(version: number, value: Uint8Array): Uint8Array {
  const header = varintBytes(version);
  const stored = new Uint8Array(header + value.length);
  writeVarint(stored, 0, version);
  stored.set(value, header);
  return stored;
}
