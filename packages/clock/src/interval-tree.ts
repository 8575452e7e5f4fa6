/**
 * The two trees of an interval tree clock and their operations, rule by rule as in the paper.
 *
 * An id is 0 (none of this part), 1 (all of it) or a pair for both halves. Events are a number for
 * the whole part, or that number and what the halves have on top of it. Trees are never changed.
 *
 * Invariant: normal form, see interval-tree-clock.ts; depth at most 256, which bounds recursion.
 * Source: P. S. Almeida, C. Baquero, V. Fonte, 2008, section 5.
 */
import { BOTH, LESS, MORE } from './causality.ts';
import { ClockError } from './errors.ts';
import { nextCounter } from './replica-id.ts';

/** The most halvings from the whole interval to a part. */
export const MAX_DEPTH = 256;

export type Id = 0 | 1 | IdPair;
export type IdPair = readonly [left: Id, right: Id];
export type Events = number | EventNode;
export type EventNode = readonly [base: number, left: Events, right: Events];

export function idPair(left: Id, right: Id): Id {
  return left === right && typeof left === 'number' ? left : [left, right];
}

export function splitId(id: Id, depth = 0): [Id, Id] {
  if (id === 0) return [0, 0];
  if (depth === MAX_DEPTH) {
    throw new ClockError('CLOCK_LIMIT', `a share can be split ${MAX_DEPTH} times in a row`);
  }
  if (id === 1)
    return [
      [1, 0],
      [0, 1],
    ];
  const [left, right] = id;
  if (left === 0) {
    const [one, other] = splitId(right, depth + 1);
    return [
      [0, one],
      [0, other],
    ];
  }
  if (right === 0) {
    const [one, other] = splitId(left, depth + 1);
    return [
      [one, 0],
      [other, 0],
    ];
  }
  return [
    [left, 0],
    [0, right],
  ];
}

export function sumIds(a: Id, b: Id): Id {
  if (a === 0) return b;
  if (b === 0) return a;
  if (a === 1 || b === 1) {
    throw new ClockError('CLOCK_AMNESIA', 'both stamps hold the same share: one of them is a copy');
  }
  return idPair(sumIds(a[0], b[0]), sumIds(a[1], b[1]));
}

function baseOf(events: Events): number {
  return typeof events === 'number' ? events : events[0];
}

function lifted(events: Events, by: number): Events {
  if (by === 0) return events;
  return typeof events === 'number' ? events + by : [events[0] + by, events[1], events[2]];
}

/** A node in normal form: the smaller child's base moves into its own. */
export function eventNode(base: number, left: Events, right: Events): Events {
  if (typeof left === 'number' && left === right) return base + left;
  const least = Math.min(baseOf(left), baseOf(right));
  return [base + least, lifted(left, -least), lifted(right, -least)];
}

/** The largest number of events that any part has seen. */
function most(events: Events): number {
  if (typeof events === 'number') return events;
  return events[0] + Math.max(most(events[1]), most(events[2]));
}

/** Whether some part of `a` is LESS or MORE than that of `b`, each on top of its base. */
export function seenBetween(a: Events, baseA: number, b: Events, baseB: number): number {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = baseA + a - (baseB + b);
    return difference === 0 ? 0 : difference < 0 ? LESS : MORE;
  }
  // A number stands for the same number in both halves.
  const lowA = typeof a === 'number' ? baseA : baseA + a[0];
  const lowB = typeof b === 'number' ? baseB : baseB + b[0];
  const left = seenBetween(half(a, 1), lowA, half(b, 1), lowB);
  return left === BOTH ? BOTH : left | seenBetween(half(a, 2), lowA, half(b, 2), lowB);
}

function half(events: Events, side: 1 | 2): Events {
  return typeof events === 'number' ? events : events[side];
}

export function joinEvents(a: Events, b: Events): Events {
  if (typeof a === 'number' && typeof b === 'number') return Math.max(a, b);
  if (baseOf(a) > baseOf(b)) return joinEvents(b, a);
  const [base, left, right] = typeof a === 'number' ? [a, 0, 0] : a;
  const [otherBase, otherLeft, otherRight] = typeof b === 'number' ? [b, 0, 0] : b;
  const by = otherBase - base;
  const joinedLeft = joinEvents(left, lifted(otherLeft, by));
  return eventNode(base, joinedLeft, joinEvents(right, lifted(otherRight, by)));
}

/** The events after one more of `id`: simplified where that counts as one, else grown. */
export function eventsAfter(id: Id, events: Events): Events {
  if (id === 0) throw new RangeError('a stamp without a share has no events: fork one that has');
  const filled = fill(id, events);
  const result = filled === events ? grow(id, events, 0).events : filled;
  if (most(result) > Number.MAX_SAFE_INTEGER) nextCounter(Number.MAX_SAFE_INTEGER);
  return result;
}

/** Raises what is all ours as far as that makes the tree simpler; else the same tree. */
function fill(id: Id, events: Events): Events {
  if (id === 0 || typeof events === 'number') return events;
  if (id === 1) return most(events);
  const [base, left, right] = events;
  let [filledLeft, filledRight] = [left, right];
  if (id[0] === 1) {
    filledRight = fill(id[1], right);
    filledLeft = Math.max(most(left), baseOf(filledRight));
  } else if (id[1] === 1) {
    filledLeft = fill(id[0], left);
    filledRight = Math.max(most(right), baseOf(filledLeft));
  } else {
    filledLeft = fill(id[0], left);
    filledRight = fill(id[1], right);
  }
  const isSame = filledLeft === left && filledRight === right;
  return isSame ? events : eventNode(base, filledLeft, filledRight);
}

/** A new node costs more than any depth. */
const NODE_COST = MAX_DEPTH * 2;

/** Adds one event where it makes the tree grow least. */
function grow(id: Id, events: Events, depth: number): { events: Events; cost: number } {
  if (typeof events === 'number') {
    if (id === 1) return { events: nextCounter(events), cost: depth };
    const grown = grow(id, [events, 0, 0], depth);
    return { events: grown.events, cost: grown.cost + NODE_COST };
  }
  const [left, right] = typeof id === 'number' ? ([id, id] as const) : id;
  const onLeft = left === 0 ? undefined : grow(left, events[1], depth + 1);
  const onRight = right === 0 ? undefined : grow(right, events[2], depth + 1);
  if (onLeft && (!onRight || onLeft.cost < onRight.cost)) {
    return { events: eventNode(events[0], onLeft.events, events[2]), cost: onLeft.cost };
  }
  if (!onRight) throw new RangeError('an id in normal form has a share');
  return { events: eventNode(events[0], events[1], onRight.events), cost: onRight.cost };
}
