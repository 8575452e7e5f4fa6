/**
 * Compaction on demand: ranges of keys to be brought down to the lowest level that holds any of
 * them, one merge at a time, behind whatever the levels' sizes ask for.
 *
 * Each merge takes one table, or all of level 0, one level down, so a range is done after as many
 * merges as it has tables above its lowest level. Tables that come meanwhile are left alone.
 */
import { compareBytes } from '@ds/storage';
import { LEVELS, type Version } from '../levels/version.ts';
import { compareEnds, endsBefore, extentOf, type KeyExtent } from '../table/key-extent.ts';
import type { TableFile } from '../table/table-file.ts';
import { type Compaction, compactionOf } from './compaction.ts';

/** How far a compaction on demand has come. */
export interface CompactRangeProgress {
  readonly tablesDone: number;
  /** Tables still above the lowest level that holds any of the range. */
  readonly tablesLeft: number;
}

export interface CompactRangeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each merge. */
  readonly onProgress?: ((progress: CompactRangeProgress) => void) | undefined;
}

/** Which keys: from `gte`, or the first, up to but not including `lt`, or to the last. */
export interface CompactRangeBounds {
  readonly gte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
}

interface Request extends CompactRangeBounds {
  readonly lowestLevel: number;
  readonly options: CompactRangeOptions;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
  /** The level that is being emptied, from left to right, and how far that has come. */
  level: number;
  position: KeyExtent | undefined;
  tablesDone: number;
}

export class ManualCompactions {
  #requests: Request[] = [];

  /** Resolves when it is done; rejects with the signal's reason, or as `reject` says. */
  add(version: Version, bounds: CompactRangeBounds, options: CompactRangeOptions): Promise<void> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#requests = this.#requests.filter((other) => other !== request);
        reject(signal?.reason);
      };
      const lowestLevel = lowestLevelOf(version, bounds);
      const state = { level: 0, position: undefined, tablesDone: 0 };
      const { gte, lt } = bounds;
      const copied = { gte: gte && new Uint8Array(gte), lt: lt && new Uint8Array(lt) };
      const request = { ...copied, lowestLevel, options, resolve, reject, onAbort, ...state };
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#requests.push(request);
    });
  }

  /** The next merge that is asked for. What is done is settled on the way. */
  next(version: Version): Compaction | undefined {
    for (let request = this.#requests[0]; request !== undefined; request = this.#requests[0]) {
      for (; request.level < request.lowestLevel; request.level += 1) {
        const table = tablesLeft(version, request, request.level)[0];
        if (table !== undefined) {
          return compactionOf(version, request.level, request.level === 0 ? undefined : table);
        }
        request.position = undefined;
      }
      this.#requests.shift();
      request.options.signal?.removeEventListener('abort', request.onAbort);
      request.resolve();
    }
    return undefined;
  }

  /** A compaction is done, asked for here or not. */
  done(version: Version, { level, inputs }: Compaction): void {
    const request = this.#requests[0];
    if (request === undefined || request.level !== level) return;
    const { position } = request;
    const reached = extentOf(inputs.map(({ facts }) => facts));
    if (level === 0) request.level = 1;
    else if (position === undefined || compareEnds(position, reached) < 0) {
      request.position = reached;
    }
    request.tablesDone += inputs.length;
    let left = 0;
    for (let above = request.level; above < request.lowestLevel; above += 1) {
      left += tablesLeft(version, request, above).length;
    }
    request.options.onProgress?.({ tablesDone: request.tablesDone, tablesLeft: left });
  }

  /** Rejects all that wait. */
  reject(error: unknown): void {
    const requests = this.#requests;
    this.#requests = [];
    for (const { options, onAbort, reject } of requests) {
      options.signal?.removeEventListener('abort', onAbort);
      reject(error);
    }
  }
}

/** The tables of `level` that are still to be moved down for `request`. */
function tablesLeft(version: Version, request: Request, level: number): TableFile[] {
  return version.levels[level]!.filter(({ facts }) => {
    const isDone =
      level === request.level &&
      request.position !== undefined &&
      compareEnds(facts, request.position) <= 0;
    return !isDone && isWithin(facts, request);
  });
}

function isWithin(facts: KeyExtent, { gte, lt }: CompactRangeBounds): boolean {
  if (gte !== undefined && endsBefore(facts, gte)) return false;
  return lt === undefined || compareBytes(facts.smallest, lt) < 0;
}

/** At least 1: level 0 is always emptied. */
function lowestLevelOf(version: Version, bounds: CompactRangeBounds): number {
  for (let level = LEVELS - 1; level > 1; level -= 1) {
    if (version.levels[level]!.some(({ facts }) => isWithin(facts, bounds))) return level;
  }
  return 1;
}
