/** Stores that miswrite: rules 1 to 4 of the port, one broken by each. */
import {
  type Batch,
  type DeleteRange,
  type Operation,
  StorageError,
  type WriteOptions,
} from '@ds/storage';
import { StoreDelegate } from './delegate.ts';
import { LogStore } from './log-store.ts';

export class VisibleLater extends LogStore {
  override async write(batch: Batch, options?: WriteOptions): Promise<void> {
    await Promise.resolve();
    await super.write(batch, options);
  }
}

export class BatchInPieces extends LogStore {
  override async write(batch: Batch, options?: WriteOptions): Promise<void> {
    for (const operation of batch) await super.write([operation]);
    await super.write([], options);
  }
}

export class DurableComesLater extends LogStore {
  override async write(batch: Batch, options?: WriteOptions): Promise<void> {
    if (options?.durable) await Promise.resolve();
    await super.write(batch, options);
  }
}

export class FirstWins extends LogStore {
  override write(batch: Batch, options?: WriteOptions): Promise<void> {
    return super.write([...batch].reverse(), options);
  }
}

export class LogsOperationsOneByOne extends LogStore {
  protected override append(batch: Batch): void {
    for (const operation of batch) super.append([operation]);
  }
}

export class DurableWithoutSync extends LogStore {
  override write(batch: Batch): Promise<void> {
    return super.write(batch);
  }
}

export class AcknowledgesTheSyncInFlight extends LogStore {
  #running: Promise<void> | undefined;
  protected override syncLog(): Promise<void> {
    this.#running ??= super.syncLog().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}

export class SyncDoesNothing extends LogStore {
  override async sync(): Promise<void> {
    this.get(Uint8Array.of(1));
  }
}

export class ForgetsDeletions extends LogStore {
  protected override append(batch: Batch): void {
    super.append(batch.filter(({ type }) => type === 'put'));
  }
}

export class ForgetsRangeDeletions extends LogStore {
  protected override append(batch: Batch): void {
    super.append(batch.filter(({ type }) => type !== 'deleteRange'));
  }
}

/** Replaces each deletion of a range by what `replace` makes of it. */
abstract class ReplacesRangeDeletions extends StoreDelegate {
  protected abstract replace(deletion: DeleteRange): readonly Operation[];
  override write(batch: Batch, options?: WriteOptions): Promise<void> {
    const replaced = batch?.flatMap((operation) =>
      operation.type === 'deleteRange' && operation.gte instanceof Uint8Array
        ? this.replace(operation)
        : [operation],
    );
    return super.write(replaced, options);
  }
}

export class RangeDeletionIncludesItsEnd extends ReplacesRangeDeletions {
  protected override replace(deletion: DeleteRange): readonly Operation[] {
    return deletion.lt?.length ? [deletion, { type: 'delete', key: deletion.lt }] : [deletion];
  }
}

export class RangeDeletionSeesOnlyTheStore extends ReplacesRangeDeletions {
  protected override replace({ gte, lt }: DeleteRange): readonly Operation[] {
    return Array.from(this.range({ gte, lt }), ({ key }) => ({ type: 'delete', key }));
  }
}

export class RangeDeletionTakesAnyBounds extends StoreDelegate {
  override write(batch: Batch, options?: WriteOptions): Promise<void> {
    const taken = batch?.filter(
      (operation) => operation.type !== 'deleteRange' || typeof operation.gte !== 'string',
    );
    return super.write(taken, options);
  }
}

export class WriteThrows extends StoreDelegate {
  override write(batch: Batch, options?: WriteOptions): Promise<void> {
    for (const operation of batch) {
      if (operation.type !== 'deleteRange' && operation.key.length === 0) {
        throw new StorageError('STORAGE_INVALID_KEY', 'empty');
      }
    }
    return super.write(batch, options);
  }
}

export class AppliesTheValidPart extends LogStore {
  override async write(batch: Batch, options?: WriteOptions): Promise<void> {
    for (const operation of batch) await super.write([operation], options);
  }
}

export class KeepsBuffers extends StoreDelegate {
  readonly #kept = new Map<string, Uint8Array>();
  override write(batch: Batch, options?: WriteOptions): Promise<void> {
    const written = super.write(batch, options);
    for (const operation of batch ?? []) {
      if (operation.type === 'put') this.#kept.set(String(operation.key), operation.value);
    }
    return written;
  }
  override get(key: Uint8Array): Uint8Array | undefined {
    const kept = this.#kept.get(String(key));
    return super.get(key) && kept && new Uint8Array(kept);
  }
}
