/**
 * A place in a text that stays where it is while the text changes around it: a cursor, the end of
 * a selection, a remark. It holds on to a character, also after that is deleted.
 */
import type { Text } from './text.ts';
import type { EventName } from './update.ts';

/**
 * Plain data, for every replica of the text to resolve. `side` tells which neighbour it holds on
 * to: what is inserted right at an anchor that holds on to the left one goes behind it.
 */
export interface Anchor {
  readonly side: 'left' | 'right';
  /** Undefined at the start of the text (left) and at its end (right). */
  readonly character?: EventName;
}

/** The anchor of `position`. */
export function anchorAt(text: Text, position: number, side: Anchor['side'] = 'left'): Anchor {
  if (!Number.isInteger(position) || position < 0 || position > text.length) {
    throw new RangeError(`${position} is no position in ${text.length} characters`);
  }
  const at = side === 'left' ? position - 1 : position;
  if (at < 0 || at >= text.length) return { side };
  const [run] = text.charactersAt(at, 1);
  if (run === undefined) return { side };
  return { side, character: { replica: run.replica, sequence: run.sequence } };
}

/** Where `anchor` is now; undefined while its character has not arrived here. */
export function positionOf(text: Text, { side, character }: Anchor): number | undefined {
  if (character === undefined) return side === 'left' ? 0 : text.length;
  const place = text.locate(character);
  if (place === undefined) return undefined;
  return side === 'left' && place.visible ? place.position + 1 : place.position;
}
