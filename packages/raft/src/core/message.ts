/**
 * What members say to each other: the messages, how they travel, and how an arriving one is
 * checked field by field, since a peer can be hostile, broken or of another version.
 *
 * On the wire a message is one flat array of numbers, booleans and bytes that starts with its kind;
 * entries follow one another as `head, (session, sequence, acknowledged,) command`, where
 * `head = term * 8 + code`. Flat, because every nested container costs more than the numbers in it.
 *
 * The decoder knows nothing of the receiver's state. What is well formed and yet absurd (a leader
 * that contradicts committed entries, an acknowledgement of entries never sent) the core refuses.
 */

import type { EntryKind, LogEntry, SessionTag } from '../log/entry.ts';
import type { Configuration } from '../members/configuration.ts';
import { decodeConfiguration, encodeConfiguration } from '../members/configuration-codec.ts';

export type RaftMessage =
  | {
      readonly kind: 'pre-vote';
      readonly term: number;
      readonly lastIndex: number;
      readonly lastTerm: number;
    }
  | { readonly kind: 'pre-vote-response'; readonly term: number; readonly granted: boolean }
  | {
      readonly kind: 'vote';
      readonly term: number;
      readonly lastIndex: number;
      readonly lastTerm: number;
      /** The leader asked for this election: do not wait for its time to run out. */
      readonly transfer: boolean;
    }
  | { readonly kind: 'vote-response'; readonly term: number; readonly granted: boolean }
  | AppendMessage
  | { readonly kind: 'append-response'; readonly term: number; readonly matchIndex: number }
  | {
      readonly kind: 'append-rejected';
      readonly term: number;
      /** The `previousIndex` that did not match. */
      readonly rejectedIndex: number;
      /** Where the logs may still agree, by the follower's log. */
      readonly hintIndex: number;
      readonly hintTerm: number;
    }
  | {
      readonly kind: 'heartbeat';
      readonly term: number;
      readonly commitIndex: number;
      /** Answers confirm reads of this round and of earlier ones. */
      readonly round: number;
      /** The last entry sent to this follower so far. */
      readonly sentIndex: number;
    }
  | {
      readonly kind: 'heartbeat-response';
      readonly term: number;
      readonly round: number;
      readonly sentIndex: number;
      /** The last entry known to match the leader's, on disk or not. */
      readonly receivedIndex: number;
      /** The last entry known to match the leader's and on disk. */
      readonly matchIndex: number;
    }
  | { readonly kind: 'read'; readonly term: number; readonly context: number }
  | {
      readonly kind: 'read-response';
      readonly term: number;
      readonly context: number;
      readonly index: number;
    }
  | { readonly kind: 'timeout-now'; readonly term: number }
  | SnapshotMessage
  | {
      readonly kind: 'snapshot-response';
      readonly term: number;
      readonly id: number;
      /** The follower has this many bytes of it. */
      readonly offset: number;
    };

export interface AppendMessage {
  readonly kind: 'append';
  readonly term: number;
  readonly previousIndex: number;
  readonly previousTerm: number;
  readonly commitIndex: number;
  readonly entries: readonly LogEntry[];
}

export interface SnapshotMessage {
  readonly kind: 'snapshot';
  readonly term: number;
  /** Names the transfer among all of this leader in this term. */
  readonly id: number;
  readonly index: number;
  readonly indexTerm: number;
  /** Who takes part at `index`. */
  readonly configuration: Configuration;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly last: boolean;
}

/** A message as plain data. */
export type WireMessage = readonly (number | boolean | Uint8Array)[];

const KINDS = [
  'pre-vote',
  'pre-vote-response',
  'vote',
  'vote-response',
  'append',
  'append-response',
  'append-rejected',
  'heartbeat',
  'heartbeat-response',
  'read',
  'read-response',
  'timeout-now',
  'snapshot',
  'snapshot-response',
] as const satisfies readonly RaftMessage['kind'][];

const CODE = Object.fromEntries(KINDS.map((kind, code) => [kind, code])) as Record<
  RaftMessage['kind'],
  number
>;

/** The last term there can be: `head` of an entry still fits a safe integer. */
export const MAX_TERM: number = 2 ** 49;

/** What a message takes beside its entries or its data, in bytes; an upper bound. */
export const MESSAGE_OVERHEAD_BYTES = 128;

const HEAD_COMMAND = 0;
const HEAD_TAGGED = 1;
const HEAD_REGISTER = 2;
const HEAD_NO_OP = 3;
const HEAD_CONFIGURATION = 4;
const HEAD_CODES = 8;
const NOTHING = new Uint8Array(0);

/** The plain form of `message`. */
export function encodeMessage(message: RaftMessage): WireMessage {
  const code = CODE[message.kind];
  const { term } = message;
  switch (message.kind) {
    case 'append':
      return encodeAppend(message);
    case 'append-response':
      return [code, term, message.matchIndex];
    case 'pre-vote':
      return [code, term, message.lastIndex, message.lastTerm];
    case 'vote':
      return [code, term, message.lastIndex, message.lastTerm, message.transfer];
    case 'pre-vote-response':
    case 'vote-response':
      return [code, term, message.granted];
    case 'append-rejected':
      return [code, term, message.rejectedIndex, message.hintIndex, message.hintTerm];
    case 'heartbeat':
      return [code, term, message.commitIndex, message.round, message.sentIndex];
    case 'heartbeat-response':
      return [
        code,
        term,
        message.round,
        message.sentIndex,
        message.receivedIndex,
        message.matchIndex,
      ];
    case 'read':
      return [code, term, message.context];
    case 'read-response':
      return [code, term, message.context, message.index];
    case 'timeout-now':
      return [code, term];
    case 'snapshot': {
      const { id, index, indexTerm, offset, data, last } = message;
      const configuration = encodeConfiguration(message.configuration);
      return [code, term, id, index, indexTerm, configuration, offset, data, last];
    }
    case 'snapshot-response':
      return [code, term, message.id, message.offset];
  }
}

/**
 * The message that `plain` spells.
 * @throws {TypeError} for anything else.
 */
export function decodeMessage(plain: unknown): RaftMessage {
  if (!Array.isArray(plain)) throw new TypeError('not a message');
  const fields = new Fields(plain);
  const kind = KINDS[fields.integer(KINDS.length - 1)]!;
  const term = fields.integer(MAX_TERM);
  const message = decodeBody(kind, term, fields);
  fields.end();
  return message;
}

function decodeBody(kind: RaftMessage['kind'], term: number, f: Fields): RaftMessage {
  switch (kind) {
    case 'append':
      return decodeAppend(term, f);
    case 'append-response':
      return { kind, term, matchIndex: f.index() };
    case 'pre-vote':
      return { kind, term, lastIndex: f.index(), lastTerm: f.integer(MAX_TERM) };
    case 'vote':
      return {
        kind,
        term,
        lastIndex: f.index(),
        lastTerm: f.integer(MAX_TERM),
        transfer: f.boolean(),
      };
    case 'pre-vote-response':
    case 'vote-response':
      return { kind, term, granted: f.boolean() };
    case 'append-rejected':
      return {
        kind,
        term,
        rejectedIndex: f.index(),
        hintIndex: f.index(),
        hintTerm: f.integer(MAX_TERM),
      };
    case 'heartbeat':
      return { kind, term, commitIndex: f.index(), round: f.index(), sentIndex: f.index() };
    case 'heartbeat-response':
      return {
        kind,
        term,
        round: f.index(),
        sentIndex: f.index(),
        receivedIndex: f.index(),
        matchIndex: f.index(),
      };
    case 'read':
      return { kind, term, context: f.index() };
    case 'read-response':
      return { kind, term, context: f.index(), index: f.index() };
    case 'timeout-now':
      return { kind, term };
    case 'snapshot':
      return {
        kind,
        term,
        id: f.index(),
        index: f.index(),
        indexTerm: f.integer(MAX_TERM),
        configuration: decodeConfiguration(f.bytes()),
        offset: f.index(),
        data: f.bytes(),
        last: f.boolean(),
      };
    case 'snapshot-response':
      return { kind, term, id: f.index(), offset: f.index() };
  }
}

function encodeAppend(message: AppendMessage): WireMessage {
  const { term, previousIndex, previousTerm, commitIndex, entries } = message;
  const wire: (number | Uint8Array)[] = [
    CODE.append,
    term,
    previousIndex,
    previousTerm,
    commitIndex,
  ];
  for (const { term, kind, command, tag } of entries) {
    if (kind === 'command' && tag !== undefined) {
      wire.push(
        term * HEAD_CODES + HEAD_TAGGED,
        tag.session,
        tag.sequence,
        tag.acknowledged,
        command,
      );
    } else {
      wire.push(term * HEAD_CODES + HEAD_OF[kind], command);
    }
  }
  return wire;
}

const HEAD_OF: Readonly<Record<EntryKind, number>> = {
  command: HEAD_COMMAND,
  'register-session': HEAD_REGISTER,
  'no-op': HEAD_NO_OP,
  configuration: HEAD_CONFIGURATION,
};

function decodeAppend(term: number, f: Fields): AppendMessage {
  const previousIndex = f.index();
  const previousTerm = f.integer(MAX_TERM);
  const commitIndex = f.index();
  const entries: LogEntry[] = [];
  let lastTerm = previousTerm;
  for (let index = previousIndex + 1; !f.done; index += 1) {
    const head = f.integer(MAX_TERM * HEAD_CODES + HEAD_CONFIGURATION);
    const code = head % HEAD_CODES;
    const entryTerm = (head - code) / HEAD_CODES;
    // In every log terms ascend, and no entry is of a later term than its sender.
    if (entryTerm < lastTerm || entryTerm > term || entryTerm === 0)
      throw new TypeError('not a term');
    lastTerm = entryTerm;
    entries.push(decodeEntry(index, entryTerm, code, f));
  }
  if (previousTerm > term) throw new TypeError('not a term');
  return { kind: 'append', term, previousIndex, previousTerm, commitIndex, entries };
}

function decodeEntry(index: number, term: number, code: number, f: Fields): LogEntry {
  if (code === HEAD_COMMAND)
    return { index, term, kind: 'command', command: f.bytes(), tag: undefined };
  if (code === HEAD_TAGGED) {
    const tag: SessionTag = { session: f.index(), sequence: f.index(), acknowledged: f.index() };
    return { index, term, kind: 'command', command: f.bytes(), tag };
  }
  if (code === HEAD_CONFIGURATION) {
    const command = f.bytes();
    decodeConfiguration(command);
    return { index, term, kind: 'configuration', command, tag: undefined };
  }
  if (code > HEAD_CONFIGURATION) throw new TypeError('not a kind of entry');
  if (f.bytes().length > 0) throw new TypeError('bytes where none belong');
  const kind = code === HEAD_NO_OP ? 'no-op' : 'register-session';
  return { index, term, kind, command: NOTHING, tag: undefined };
}

/** A reader of positional fields that trusts none of them. */
class Fields {
  readonly #plain: readonly unknown[];
  #at = 0;

  constructor(plain: readonly unknown[]) {
    this.#plain = plain;
  }

  get done(): boolean {
    return this.#at === this.#plain.length;
  }

  integer(max: number): number {
    const value = this.#plain[this.#at++];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
      throw new TypeError('not a whole number within its limits');
    }
    return value;
  }

  /** An index, a round or an offset: far below the safe integers, so that sums stay exact. */
  index(): number {
    return this.integer(MAX_TERM);
  }

  boolean(): boolean {
    const value = this.#plain[this.#at++];
    if (typeof value !== 'boolean') throw new TypeError('not a boolean');
    return value;
  }

  bytes(): Uint8Array {
    const value = this.#plain[this.#at++];
    if (!(value instanceof Uint8Array)) throw new TypeError('not bytes');
    return value;
  }

  end(): void {
    if (this.#at !== this.#plain.length) throw new TypeError('fields beyond the last');
  }
}
