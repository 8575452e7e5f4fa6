/** What reading has cost since the store was opened; counted in place, one addition each. */
export interface ReadStatistics {
  /** Blocks that lookups and the beginnings of ranges found in the cache, and those they did not. */
  cacheHits: number;
  cacheMisses: number;
  /** Tables that a filter let a lookup into, and those that it spared it. */
  filterPasses: number;
  filterRejections: number;
  /** Bytes of data blocks read from tables: by lookups, ranges, and merges on this thread. */
  tableBytesRead: number;
}

export function newReadStatistics(): ReadStatistics {
  return {
    cacheHits: 0,
    cacheMisses: 0,
    filterPasses: 0,
    filterRejections: 0,
    tableBytesRead: 0,
  };
}
