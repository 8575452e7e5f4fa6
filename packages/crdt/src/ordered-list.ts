/**
 * A list of any values, edited by position. What one replica inserts in one go, forward or
 * backward, stays together (the tree of Fugue, without its refinement for more than two writers).
 *
 * Each item hangs in a tree, left or right of an item it was inserted beside; the list is the tree
 * from left to right. A deleted item leaves its place behind for good, without its value.
 *
 * Cost: O(items ever inserted) to find a position: for lists of thousands. Text has its own type.
 * Source: M. Weidner and M. Kleppmann, "The Art of the Fugue", 2023.
 */
import { type Crdt, type ReplicaId, readReplica } from './crdt.ts';
import { malformed } from './errors.ts';
import { type Plain, readPlain, writePlain } from './plain.ts';

export interface Item<Value extends Plain> {
  readonly replica: ReplicaId;
  readonly counter: number;
  /** The id of the item it hangs on; '' for the root. */
  readonly parent: string;
  readonly side: 'left' | 'right';
  /** Undefined once deleted. */
  readonly value: Value | undefined;
}

/** Items by id. */
type State<Value extends Plain> = Map<string, Item<Value>>;

interface ListMutators<Value extends Plain> {
  insert(state: State<Value>, replica: ReplicaId, position: number, value: Value): State<Value>;
  delete(state: State<Value>, replica: ReplicaId, position: number): State<Value>;
}

const idOf = ({ replica, counter }: { replica: number; counter: number }): string =>
  `${replica}.${counter}`;

/** All items from left to right, deleted ones too. */
function inOrder<Value extends Plain>(state: State<Value>): Item<Value>[] {
  const children = new Map<string, Item<Value>[]>();
  for (const item of state.values()) {
    const key = `${item.parent}/${item.side}`;
    const siblings = children.get(key);
    if (siblings === undefined) children.set(key, [item]);
    else siblings.push(item);
  }
  for (const siblings of children.values()) {
    siblings.sort((a, b) => b.replica - a.replica || b.counter - a.counter);
  }
  // Depth first without recursion: typing makes a branch as long as the text.
  const ordered: Item<Value>[] = [];
  const open = (id: string, side: string): Item<Value>[] => children.get(`${id}/${side}`) ?? [];
  const rest: { item: Item<Value>; opened: boolean }[] = [];
  const push = (items: readonly Item<Value>[]): void => {
    for (const item of items) rest.push({ item, opened: false });
  };
  push(open('', 'right'));
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { item, opened } = next;
    if (opened) {
      ordered.push(item);
      continue;
    }
    push(open(idOf(item), 'right'));
    rest.push({ item, opened: true });
    push(open(idOf(item), 'left'));
  }
  return ordered;
}

function absorb<Value extends Plain>(state: State<Value>, delta: State<Value>): void {
  for (const [id, item] of delta) {
    if (!state.has(id) || item.value === undefined) state.set(id, item);
  }
}

function inserted<Value extends Plain>(
  state: State<Value>,
  replica: ReplicaId,
  position: number,
  value: Value,
): State<Value> {
  const ordered = inOrder(state);
  let place = 0;
  for (let seen = 0; seen < position; place += 1) {
    const item = ordered[place];
    if (item === undefined) throw new RangeError(`the list has no position ${position}`);
    if (item.value !== undefined) seen += 1;
  }
  const left = ordered[place - 1];
  const next = ordered[place];
  let counter = 0;
  for (const item of ordered) {
    if (item.replica === replica) counter = Math.max(counter, item.counter + 1);
  }
  const leftId = left === undefined ? '' : idOf(left);
  // Under the left neighbour, unless somebody hangs there already: then left of the next.
  const taken = ordered.some(({ parent, side }) => parent === leftId && side === 'right');
  const parent = taken && next !== undefined ? idOf(next) : leftId;
  const side = taken && next !== undefined ? 'left' : 'right';
  const item: Item<Value> = { replica, counter, parent, side, value };
  return new Map([[idOf(item), item]]);
}

function deleted<Value extends Plain>(state: State<Value>, position: number): State<Value> {
  const shown = inOrder(state).filter(({ value }) => value !== undefined);
  const item = shown[position];
  if (item === undefined) throw new RangeError(`the list has no position ${position}`);
  return new Map([[idOf(item), { ...item, value: undefined }]]);
}

export function orderedList<Value extends Plain>(): Crdt<
  State<Value>,
  readonly Value[],
  ListMutators<Value>
> {
  return {
    tag: 14,
    initial: () => new Map(),
    value: (state) => inOrder(state).flatMap(({ value }) => (value === undefined ? [] : [value])),
    join(left, right) {
      const joined = new Map(left);
      absorb(joined, right);
      return joined;
    },
    absorb,
    mutators: {
      insert: (state, replica, position, value) => inserted(state, replica, position, value),
      delete: (state, _replica, position) => deleted(state, position),
    },
    write(writer, state) {
      const items = [...state.values()];
      items.sort((a, b) => a.replica - b.replica || a.counter - b.counter);
      writer.integer(items.length);
      for (const { replica, counter, parent, side, value } of items) {
        writer.integer(replica);
        writer.integer(counter);
        const there = value === undefined ? 0 : 1;
        writer.byte(there + (side === 'left' ? 2 : 0) + (parent === '' ? 4 : 0));
        if (parent !== '') {
          const [above, nth] = parent.split('.').map(Number) as [number, number];
          writer.integer(above);
          writer.integer(nth);
        }
        if (value !== undefined) writePlain(writer, value);
      }
    },
    read(reader) {
      const state: State<Value> = new Map();
      for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
        const replica = readReplica(reader);
        const counter = reader.integer();
        const flags = reader.atMost(7, 'a flag');
        const side = (flags & 2) === 0 ? 'right' : 'left';
        const isRoot = (flags & 4) !== 0;
        const parent = isRoot
          ? ''
          : idOf({ replica: readReplica(reader), counter: reader.integer() });
        const value = (flags & 1) === 0 ? undefined : (readPlain(reader) as Value);
        const item: Item<Value> = { replica, counter, parent, side, value };
        if (state.has(idOf(item))) throw malformed('an item twice');
        state.set(idOf(item), item);
      }
      return state;
    },
  };
}
