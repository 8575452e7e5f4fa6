/**
 * What a page and the server tell each other besides the text itself (`@ds/crdt/sync`): who is
 * where in it, and what is on disk. Both sides are hostile to one another until decoded here.
 */
import type { Anchor, PresenceMessage } from '@ds/crdt';

export const NOTE_CHANNEL = 'note';
export const PRESENCE_CHANNEL = 'presence';
export const SAVING_CHANNEL = 'saving';
/** All edits of a note as updates; then it is full. */
export const MAX_NOTE_BYTES: number = 8 * 2 ** 20;
/** Holds what anybody can know of a full note: 10 bytes for each who ever wrote, of 8 at least. */
export const MAX_MESSAGE_BYTES: number = 16 * 2 ** 20;
/** How often two copies compare what they know, besides at each connection. */
export const EXCHANGE_MS = 10_000;
export const MAX_NAME_LENGTH = 24;
/** The colours of cursors, by number. */
export const COLOURS = 8;

const MAX_NUMBER = 2 ** 32 - 1;

/** How many replicas a page may ask about at a time: its own, and those it has edits left of. */
export const MAX_ASKED = 16;

/** A page's question: tell me of the edits of this replica. */
export interface SavingQuestion {
  readonly replica: number;
}

export interface SavingAnswer {
  readonly replica: number;
  /** So many of its events are on disk. */
  readonly saved: number;
  /** What was sent last did not fit in the note. */
  readonly full: boolean;
}

export interface Visitor {
  readonly name: string;
  readonly colour: number;
}

/** @throws {TypeError} for what is no question. */
export function decodeSavingQuestion(plain: unknown): SavingQuestion {
  return { replica: numberOf(fieldsOf(plain).replica, 'replica') };
}

/** @throws {TypeError} for what is no answer. */
export function decodeSavingAnswer(plain: unknown): SavingAnswer {
  const { replica, saved, full } = fieldsOf(plain);
  if (typeof full !== 'boolean') throw wrong('full');
  return { replica: numberOf(replica, 'replica'), saved: numberOf(saved, 'saved'), full };
}

/** @throws {TypeError} for what is no message. */
export function decodePresence(plain: unknown): PresenceMessage<Visitor> {
  const { replica, count, user, anchor, head } = fieldsOf(plain);
  if (!(Number.isSafeInteger(count) && (count as number) >= 0)) throw wrong('count');
  const message = { replica: numberOf(replica, 'replica'), count: count as number };
  if (user === undefined) return message;
  const visitor = { ...message, user: decodeVisitor(user) };
  if (anchor === undefined || head === undefined) return visitor;
  return { ...visitor, anchor: decodeAnchor(anchor), head: decodeAnchor(head) };
}

function decodeVisitor(plain: unknown): Visitor {
  const { name, colour } = fieldsOf(plain);
  if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH) throw wrong('name');
  if (numberOf(colour, 'colour') >= COLOURS) throw wrong('colour');
  return { name, colour: colour as number };
}

function decodeAnchor(plain: unknown): Anchor {
  const { side, character } = fieldsOf(plain);
  if (side !== 'left' && side !== 'right') throw wrong('side');
  if (character === undefined) return { side };
  const { replica, sequence } = fieldsOf(character);
  return {
    side,
    character: {
      replica: numberOf(replica, 'replica'),
      sequence: numberOf(sequence, 'sequence'),
    },
  };
}

function fieldsOf(plain: unknown): Readonly<Record<string, unknown>> {
  if (typeof plain !== 'object' || plain === null) throw wrong('message');
  return plain as Record<string, unknown>;
}

function numberOf(value: unknown, name: string): number {
  const whole = Number.isInteger(value) && (value as number) >= 0;
  if (!whole || (value as number) > MAX_NUMBER) throw wrong(name);
  return value as number;
}

function wrong(name: string): TypeError {
  return new TypeError(`the field '${name}' makes no sense`);
}
