/** How the store machine spells its keys and small records; store-machine.ts draws the table. */
import { readU64, writeU64 } from '../big-endian.ts';
import { RaftError } from '../errors.ts';

/** The first byte of a key: whose it is. */
export const SPACE = { position: 0, user: 1, session: 2, answer: 3 } as const;

export const POSITION_KEY: Uint8Array = Uint8Array.of(SPACE.position);

const FORMAT = 1;
const STATE_WHOLE = 0;
const STATE_INCOMPLETE = 1;

export function storeKey(space: number, key: Uint8Array): Uint8Array {
  const full = new Uint8Array(key.length + 1);
  full[0] = space;
  full.set(key, 1);
  return full;
}

/** A key of numbers, in their order. */
export function u64Key(space: number, first: number, second?: number): Uint8Array {
  const key = new Uint8Array(second === undefined ? 9 : 17);
  key[0] = space;
  writeU64(key, 1, first);
  if (second !== undefined) writeU64(key, 9, second);
  return key;
}

export function u64Pair(first: number, second: number): Uint8Array {
  const bytes = new Uint8Array(16);
  writeU64(bytes, 0, first);
  writeU64(bytes, 8, second);
  return bytes;
}

type Position = { readonly index: number; readonly term: number };

export function encodePosition(position: Position | 'incomplete'): Uint8Array {
  const bytes = new Uint8Array(18);
  bytes[0] = FORMAT;
  bytes[1] = position === 'incomplete' ? STATE_INCOMPLETE : STATE_WHOLE;
  if (position !== 'incomplete') {
    writeU64(bytes, 2, position.index);
    writeU64(bytes, 10, position.term);
  }
  return bytes;
}

/** @throws {RaftError} `RAFT_FORMAT` for what this version did not write. */
export function decodePosition(bytes: Uint8Array | undefined): Position | 'incomplete' | undefined {
  if (bytes === undefined) return undefined;
  if (bytes.length !== 18 || bytes[0] !== FORMAT || bytes[1]! > STATE_INCOMPLETE) {
    throw new RaftError('RAFT_FORMAT', 'the store was not written by this version of the machine');
  }
  if (bytes[1] === STATE_INCOMPLETE) return 'incomplete';
  return { index: readU64(bytes, 2), term: readU64(bytes, 10) };
}
