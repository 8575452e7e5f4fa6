/** A store of stores by key: a key is there as long as something in it is. */
import type { StoreType } from './causal.ts';
import { malformed } from './errors.ts';
import { compareKeys, type Key, readKey, writeKey } from './keys.ts';

const MAX_DEPTH = 32;

export function dotMap<Name extends Key, Store>(
  inner: StoreType<Store>,
): StoreType<Map<Name, Store>> {
  return {
    empty: () => new Map(),
    copy(map) {
      const copied = new Map<Name, Store>();
      for (const [key, store] of map) copied.set(key, inner.copy(store));
      return copied;
    },
    isEmpty(map) {
      for (const store of map.values()) if (!inner.isEmpty(store)) return false;
      return true;
    },
    hollow(map) {
      const hollow = new Map<Name, Store>();
      for (const [key, store] of map) hollow.set(key, inner.hollow(store));
      return hollow;
    },
    each(map, visit) {
      for (const store of map.values()) inner.each(store, visit);
    },
    absorb(mine, theirs, joining) {
      const put = (key: Name, joined: Store): void => {
        if (joining.keep || !inner.isEmpty(joined)) mine.set(key, joined);
        else mine.delete(key);
      };
      let onlyMine = mine.size;
      for (const [key, store] of theirs) {
        const old = mine.get(key);
        if (old !== undefined) onlyMine -= 1;
        const joined = inner.absorb(old ?? inner.empty(), store, joining);
        if (joined !== old || (!joining.keep && inner.isEmpty(joined))) put(key, joined);
      }
      if (joining.partial || onlyMine === 0) return mine;
      for (const [key, store] of mine) {
        if (!theirs.has(key)) put(key, inner.absorb(store, inner.empty(), joining));
      }
      return mine;
    },
    write(writer, map) {
      writer.integer(map.size);
      for (const key of [...map.keys()].sort(compareKeys)) {
        writeKey(writer, key);
        inner.write(writer, map.get(key) as Store);
      }
    },
    read(reader, depth) {
      if (depth > MAX_DEPTH) throw malformed('maps nested too deep');
      const map = new Map<Name, Store>();
      for (let rest = reader.atMost(reader.remaining, 'a length'); rest > 0; rest -= 1) {
        const key = readKey(reader) as Name;
        if (map.has(key)) throw malformed('a key twice');
        map.set(key, inner.read(reader, depth + 1));
      }
      return map;
    },
  };
}
