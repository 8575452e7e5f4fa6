/** What a store should hold, as a sorted array that is replaced by each batch. */
import { type Batch, compareBytes, type Entry, withinBounds } from '@ds/storage';

export class Model {
  readonly entries: readonly Entry[];

  constructor(entries: readonly Entry[] = []) {
    this.entries = entries;
  }

  with(batch: Batch): Model {
    let entries = [...this.entries];
    for (const operation of batch) {
      if (operation.type === 'deleteRange') {
        const { gte, lt } = operation;
        entries = entries.filter(({ key }) => !withinBounds(key, { gte, lt }));
        continue;
      }
      const { key } = operation;
      const index = entries.findIndex((entry) => compareBytes(entry.key, key) >= 0);
      const at = index < 0 ? entries.length : index;
      const found = entries[at];
      const replaces = found !== undefined && compareBytes(found.key, key) === 0 ? 1 : 0;
      const added = operation.type === 'put' ? [{ key, value: operation.value.slice() }] : [];
      entries.splice(at, replaces, ...added);
    }
    return new Model(entries);
  }
}
