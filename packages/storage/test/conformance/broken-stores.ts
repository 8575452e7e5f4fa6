/**
 * Stores that break one rule each: a {@link LogStore} with one method replaced, or something put
 * before a sound one. A suite that lets one of them pass proves nothing.
 */
import {
  type Batch,
  type Bounds,
  type Entry,
  type FileSystem,
  type Reader,
  type Snapshot,
  StorageError,
  type StoreStatus,
  type WriteOptions,
} from '@ds/storage';
import {
  AcknowledgesTheSyncInFlight,
  AppliesTheValidPart,
  BatchInPieces,
  DurableComesLater,
  DurableWithoutSync,
  FirstWins,
  ForgetsDeletions,
  ForgetsRangeDeletions,
  KeepsBuffers,
  LogsOperationsOneByOne,
  RangeDeletionIncludesItsEnd,
  RangeDeletionSeesOnlyTheStore,
  RangeDeletionTakesAnyBounds,
  SyncDoesNothing,
  VisibleLater,
  WriteThrows,
} from './broken-writes.ts';
import { StoreDelegate } from './delegate.ts';
import { LogStore } from './log-store.ts';
import type { OpenStore } from './subjects.ts';

export interface BrokenStore {
  /** How the title of the test that must fail begins. */
  readonly breaks: string;
  readonly bug: string;
  readonly open: OpenStore;
}

const as =
  (Broken: new (fileSystem: FileSystem, directory: string) => LogStore): OpenStore =>
  (fileSystem, directory) =>
    new Broken(fileSystem, directory);

const before =
  (Broken: new (sound: LogStore) => StoreDelegate): OpenStore =>
  (fileSystem, directory) =>
    new Broken(new LogStore(fileSystem, directory));

class GetSharesItsMemory extends StoreDelegate {
  readonly #cache = new Map<string, Uint8Array>();
  override get(key: Uint8Array): Uint8Array | undefined {
    const value = super.get(key);
    const name = String(key);
    const cached = this.#cache.get(name);
    if (cached && value && cached.length === value.length) return cached;
    if (value) this.#cache.set(name, value);
    return value;
  }
}

class RangeReusesItsMemory extends StoreDelegate {
  override *range(bounds?: Bounds): Iterable<Entry> {
    const scratch = new Uint8Array(10_000);
    for (const { key, value } of super.range(bounds)) {
      scratch.set(key);
      scratch.set(value, key.length);
      const end = key.length + value.length;
      yield { key: scratch.subarray(0, key.length), value: scratch.subarray(key.length, end) };
    }
  }
}

class ViewsSeeWrites extends StoreDelegate {
  readonly #views = new Set<Entry>();
  override async write(batch: Batch, options?: WriteOptions): Promise<void> {
    for (const { value } of this.#views) value.fill(0);
    await super.write(batch, options);
  }
  override *range(bounds: Bounds = {}): Iterable<Entry> {
    for (const { key, value } of super.range({ ...bounds, views: false })) {
      const view = { key, value };
      if (bounds.views) this.#views.add(view);
      yield view;
      this.#views.delete(view);
    }
  }
}

/** Looks up the next key at each step. */
function* liveRange(reader: Reader, bounds: Bounds): Iterable<Entry> {
  const { reverse, limit = Number.POSITIVE_INFINITY, ...rest } = bounds;
  let sides: Bounds = rest;
  for (let count = 0; count < limit; count += 1) {
    const [entry] = reader.range({ ...sides, reverse, limit: 1 });
    if (entry === undefined) return;
    const key = new Uint8Array(entry.key);
    yield entry;
    sides = reverse ? { ...sides, lte: undefined, lt: key } : { ...sides, gte: undefined, gt: key };
  }
}

class RangeIsLive extends StoreDelegate {
  override range(bounds: Bounds = {}): Iterable<Entry> {
    return liveRange(this.sound, bounds);
  }
}

class SnapshotIsLive extends StoreDelegate {
  override snapshot(): Snapshot {
    const snapshot = super.snapshot();
    return {
      get: (key) => this.get(key),
      range: (bounds) => this.range(bounds),
      release: () => snapshot.release(),
      [Symbol.dispose]: () => snapshot.release(),
    };
  }
}

class SnapshotReadsOn extends StoreDelegate {
  override snapshot(): Snapshot {
    const kept = super.snapshot();
    const counted = super.snapshot();
    return {
      get: (key) => kept.get(key),
      range: (bounds) => kept.range(bounds),
      release: () => counted.release(),
      [Symbol.dispose]: () => counted.release(),
    };
  }
  override status(): StoreStatus {
    const status = super.status();
    return { ...status, snapshots: status.snapshots - 1 };
  }
}

class SnapshotsAreNotCounted extends StoreDelegate {
  override status(): StoreStatus {
    return { ...super.status(), snapshots: 0 };
  }
}

class MissesEmptyKeys extends StoreDelegate {
  override get(key: Uint8Array): Uint8Array | undefined {
    return key?.length === 0 ? undefined : super.get(key);
  }
}

class CutsLongKeys extends StoreDelegate {
  override write(batch: Batch, options?: WriteOptions): Promise<void> {
    const cut = batch.map((operation) =>
      operation.type !== 'deleteRange' && operation.key instanceof Uint8Array
        ? { ...operation, key: operation.key.subarray(0, this.maxKeyBytes - 1) }
        : operation,
    );
    return super.write(cut, options);
  }
}

class TakesAnyValue extends StoreDelegate {
  override write(batch: Batch, options?: WriteOptions): Promise<void> {
    const taken = batch.map((operation) =>
      operation.type === 'put' && !(operation.value instanceof Uint8Array)
        ? { ...operation, value: new Uint8Array(0) }
        : operation,
    );
    return super.write(taken, options);
  }
}

class EmptyValueIsAbsent extends StoreDelegate {
  override get(key: Uint8Array): Uint8Array | undefined {
    const value = super.get(key);
    return value?.length ? value : undefined;
  }
}

class BoundsAreNotChecked extends StoreDelegate {
  override range(bounds: Bounds = {}): Iterable<Entry> {
    const { gt, gte, lt, lte, limit = 1_000_000, ...rest } = bounds;
    return super.range({
      ...rest,
      ...(gt ? { gt } : { gte }),
      ...(lt ? { lt } : { lte }),
      limit: Math.max(0, Math.floor(limit) || 0),
    });
  }
}

class ExclusiveIsInclusive extends StoreDelegate {
  override range({ gt, gte, ...rest }: Bounds = {}): Iterable<Entry> {
    if (gt && gte) return super.range({ gt, gte });
    return super.range({ ...rest, gte: gt ?? gte });
  }
}

class ReadsOnAfterClose extends StoreDelegate {
  override get(key: Uint8Array): Uint8Array | undefined {
    return this.status().state === 'closed' ? undefined : super.get(key);
  }
}

class RangesOutliveTheStore extends StoreDelegate {
  override range(bounds?: Bounds): Iterable<Entry> {
    return [...super.range(bounds)];
  }
}

class SecondCloseRejects extends StoreDelegate {
  override async close(): Promise<void> {
    if (this.status().state === 'closed') throw new StorageError('STORAGE_CLOSED', 'closed');
    await super.close();
  }
}

class CloseAbandonsWrites extends LogStore {
  protected override async syncLog(): Promise<void> {
    await super.syncLog();
    if (this.status().state === 'closed') throw new StorageError('STORAGE_CLOSED', 'closed');
  }
  protected override async shutDown(): Promise<void> {
    await this.memory.close();
    this.log.close();
  }
}

class CloseDoesNotWait extends StoreDelegate {
  override async close(): Promise<void> {
    void super.close();
  }
}

class CloseDoesNotSync extends LogStore {
  protected override async shutDown(): Promise<void> {
    await this.memory.close();
    this.log.close();
  }
}

class RetriesAFailedSync extends LogStore {
  protected override async syncLog(): Promise<void> {
    await this.log.datasync().catch(() => this.log.datasync());
  }
}

class WritesOnAfterAFailedSync extends LogStore {
  protected override checkHealthy(): void {}
}

class StopsReadingAfterAFailedSync extends LogStore {
  override get(key: Uint8Array): Uint8Array | undefined {
    this.checkHealthy();
    return super.get(key);
  }
}

class TrustsTheDisk extends LogStore {
  protected override isSound(): boolean {
    return true;
  }
}

class DamageIsTheEnd extends LogStore {
  protected override onDamage(): void {}
}

class DamageWithoutPlace extends LogStore {
  protected override onDamage(): void {
    throw new StorageError('STORAGE_CORRUPT', 'something is damaged');
  }
}

export const brokenStores: readonly BrokenStore[] = [
  { breaks: 'rule 1:', bug: 'shows a write later', open: as(VisibleLater) },
  { breaks: 'rule 1:', bug: 'shows a batch in pieces', open: as(BatchInPieces) },
  { breaks: 'rule 1:', bug: 'shows durable writes late', open: as(DurableComesLater) },
  { breaks: 'rule 1:', bug: 'lets the first operation win', open: as(FirstWins) },
  { breaks: 'rule 1: after a', bug: 'logs in pieces', open: as(LogsOperationsOneByOne) },
  { breaks: 'rule 2:', bug: 'acknowledges without a sync', open: as(DurableWithoutSync) },
  { breaks: 'rule 2:', bug: 'joins a running sync', open: as(AcknowledgesTheSyncInFlight) },
  { breaks: 'rule 2: sync', bug: 'does not sync when told', open: as(SyncDoesNothing) },
  { breaks: 'rule 2:', bug: 'forgets deletions', open: as(ForgetsDeletions) },
  { breaks: 'rule 1:', bug: 'forgets deleted ranges', open: as(ForgetsRangeDeletions) },
  {
    breaks: 'rule 1: deleting a range deletes',
    bug: 'deletes the end of a range',
    open: before(RangeDeletionIncludesItsEnd),
  },
  {
    breaks: 'rule 1: deleting a range leaves',
    bug: 'deletes a range only in what was there before its batch',
    open: before(RangeDeletionSeesOnlyTheStore),
  },
  {
    breaks: 'rule 3: an invalid batch',
    bug: 'takes any bounds of a range to delete',
    open: before(RangeDeletionTakesAnyBounds),
  },
  { breaks: 'rule 3:', bug: 'throws from write', open: before(WriteThrows) },
  { breaks: 'rule 3:', bug: 'applies the valid part', open: as(AppliesTheValidPart) },
  { breaks: 'rule 4:', bug: "keeps the caller's buffers", open: before(KeepsBuffers) },
  { breaks: 'rule 5:', bug: 'gives out its own memory', open: before(GetSharesItsMemory) },
  { breaks: 'rule 5:', bug: 'yields one buffer again', open: before(RangeReusesItsMemory) },
  { breaks: 'rule 5: a view', bug: 'writes into views', open: before(ViewsSeeWrites) },
  { breaks: 'rule 6:', bug: 'ranges over what is written', open: before(RangeIsLive) },
  { breaks: 'rule 7:', bug: 'takes snapshots of nothing', open: before(SnapshotIsLive) },
  { breaks: 'rule 7:', bug: 'reads released snapshots', open: before(SnapshotReadsOn) },
  { breaks: 'rule 7:', bug: 'does not count snapshots', open: before(SnapshotsAreNotCounted) },
  { breaks: 'rule 8: a bad key', bug: 'misses empty keys', open: before(MissesEmptyKeys) },
  { breaks: 'rule 8: a bad key', bug: 'cuts long keys', open: before(CutsLongKeys) },
  { breaks: 'rule 8: a bad value', bug: 'takes any value', open: before(TakesAnyValue) },
  { breaks: 'rule 8: a bad value', bug: 'loses empty values', open: before(EmptyValueIsAbsent) },
  { breaks: 'rule 8: bad bounds', bug: 'takes any bounds', open: before(BoundsAreNotChecked) },
  {
    breaks: 'rule 8: bounds',
    bug: 'includes what gt excludes',
    open: before(ExclusiveIsInclusive),
  },
  { breaks: 'rule 9: after', bug: 'reads on after close', open: before(ReadsOnAfterClose) },
  { breaks: 'rule 9: after', bug: 'ranges on after close', open: before(RangesOutliveTheStore) },
  { breaks: 'rule 9: close is', bug: 'closes once only', open: before(SecondCloseRejects) },
  { breaks: 'rule 9: close waits', bug: 'abandons writes', open: as(CloseAbandonsWrites) },
  { breaks: 'rule 9: close waits', bug: 'closes early', open: before(CloseDoesNotWait) },
  { breaks: 'rule 9: close syncs', bug: 'closes without a sync', open: as(CloseDoesNotSync) },
  { breaks: 'rule 10:', bug: 'retries a failed sync', open: as(RetriesAFailedSync) },
  { breaks: 'rule 10:', bug: 'writes after a failed sync', open: as(WritesOnAfterAFailedSync) },
  { breaks: 'rule 10:', bug: 'reads no more after one', open: as(StopsReadingAfterAFailedSync) },
  { breaks: 'rule 10: damage', bug: 'checks no checksum', open: as(TrustsTheDisk) },
  { breaks: 'rule 10: damage', bug: 'takes damage for the end', open: as(DamageIsTheEnd) },
  { breaks: 'rule 10: damage', bug: 'does not say where', open: as(DamageWithoutPlace) },
];
