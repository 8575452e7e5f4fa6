/**
 * The order of FugueMax once more, as plainly as can be: one record per character, a set of known
 * events per edit, positions found by counting. No runs, no trees, nothing kept between edits.
 */
export interface NaiveEvent {
  readonly id: string;
  readonly replica: number;
  readonly sequence: number;
  /** Everything its author knew, by id. */
  readonly known: ReadonlySet<string>;
  readonly position: number;
  /** The character inserted; a deletion when there is none. */
  readonly character: string | undefined;
}

interface Item {
  readonly event: NaiveEvent;
  readonly left: Item | undefined;
  readonly rightParent: Item | undefined;
  readonly deletedBy: Set<string>;
}

export class NaiveText {
  readonly #items: Item[] = [];
  readonly #applied: Set<string> = new Set();

  /** Applies an event whose known events have all been applied. Does nothing the second time. */
  apply(event: NaiveEvent): void {
    if (this.#applied.has(event.id)) return;
    this.#applied.add(event.id);
    if (event.character === undefined) this.#delete(event);
    else this.#insert(event);
  }

  toString(): string {
    const visible = this.#items.filter(({ deletedBy }) => deletedBy.size === 0);
    return visible.map(({ event }) => event.character).join('');
  }

  #delete({ id, known, position }: NaiveEvent): void {
    const visible = this.#items.filter((item) => isVisible(item, known));
    const item = visible[position];
    if (item === undefined) throw new RangeError(`nothing to delete at ${position}`);
    item.deletedBy.add(id);
  }

  #insert(event: NaiveEvent): void {
    const items = this.#items;
    let start = 0;
    for (let seen = 0; seen < event.position; start += 1) {
      if (isVisible(items[start] as Item, event.known)) seen += 1;
    }
    const left = items[start - 1];
    const next = items.slice(start).find((item) => event.known.has(item.event.id));
    const rightParent = next?.left === left ? next : undefined;
    const item: Item = { event, left, rightParent, deletedBy: new Set() };
    items.splice(this.#placeFor(item, start), 0, item);
  }

  #placeFor(item: Item, start: number): number {
    const items = this.#items;
    const leftOf = (of: Item | undefined): number => (of === undefined ? -1 : items.indexOf(of));
    const rightOf = (of: Item | undefined): number =>
      of === undefined ? items.length : items.indexOf(of);
    let place = start;
    let scanning = false;
    for (let at = start; at < items.length; at += 1) {
      const other = items[at] as Item;
      if (item.event.known.has(other.event.id)) break;
      const left = leftOf(other.left);
      if (left < start - 1) break;
      if (left === start - 1) {
        const right = rightOf(other.rightParent);
        const ownRight = rightOf(item.rightParent);
        if (right === ownRight) {
          if (isFirst(item.event, other.event)) break;
          scanning = false;
        } else scanning = right < ownRight;
      }
      if (!scanning) place = at + 1;
    }
    return place;
  }
}

function isVisible({ event, deletedBy }: Item, known: ReadonlySet<string>): boolean {
  return known.has(event.id) && ![...deletedBy].some((id) => known.has(id));
}

function isFirst(a: NaiveEvent, b: NaiveEvent): boolean {
  return a.replica === b.replica ? a.sequence < b.sequence : a.replica < b.replica;
}
