/** Sequential specifications of a first-in-first-out queue and of a lock with fencing tokens. */
import { ILLEGAL, type Model, text } from './models.ts';
import { hashText, mixHashes } from './state-map.ts';

export type QueueInput =
  | { readonly kind: 'enqueue'; readonly value: string | number }
  | { readonly kind: 'dequeue' };

/** A dequeue answers `{ value }`, `undefined` from an empty queue; an enqueue `{}`. */
export interface QueueOutput {
  readonly value?: string | number | undefined;
}

/** A first-in-first-out queue; a dequeue from an empty one answers at once. */
export function queueModel(): Model<readonly (string | number)[], QueueInput, QueueOutput> {
  return {
    initial: [],
    step(state, input, output) {
      if (input.kind === 'enqueue') return [...state, input.value];
      if (output !== undefined && output.value !== state[0]) return ILLEGAL;
      return state.slice(1);
    },
    key: (state) => state.reduce((hash: number, value) => mixHashes(hash, hashOf(value)), 0),
    equals: (a, b) => a.length === b.length && a.every((value, i) => value === b[i]),
    readsOnly: (input, output) =>
      input.kind === 'dequeue' && output !== undefined && output.value === undefined,
    describe: ({ kind, ...rest }, output) => `${kind} ${text(rest)} -> ${text(output)}`,
  };
}

function hashOf(value: string | number): number {
  return typeof value === 'string' ? hashText(value) : value;
}

export type LockInput =
  | { readonly kind: 'acquire'; readonly owner: string }
  | { readonly kind: 'release'; readonly owner: string };

/**
 * Both answer `{ ok }`: an acquire is refused while the lock is held, a release unless its owner
 * holds it. A granted acquire may carry a fencing token, larger than every one before it.
 */
export interface LockOutput {
  readonly ok: boolean;
  readonly token?: number;
}

export interface LockState {
  readonly owner: string | undefined;
  /** The largest fencing token so far. */
  readonly token: number;
}

/** A lock for one owner at a time, not reentrant; leases that ran out are releases. */
export function lockModel(): Model<LockState, LockInput, LockOutput> {
  return {
    initial: { owner: undefined, token: 0 },
    step(state, { kind, owner }, output) {
      const ok = kind === 'acquire' ? state.owner === undefined : state.owner === owner;
      if (output !== undefined && output.ok !== ok) return ILLEGAL;
      if (!ok) return state;
      if (kind === 'release') return { owner: undefined, token: state.token };
      const token = output?.token;
      if (token !== undefined && token <= state.token) return ILLEGAL;
      return { owner, token: token ?? state.token };
    },
    key: ({ owner, token }) => `${token} ${owner === undefined ? '-' : `+${owner}`}`,
    readsOnly: (_, output) => output?.ok === false,
    describe: ({ kind, owner }, output) => `${kind} by ${owner} -> ${text(output)}`,
  };
}
