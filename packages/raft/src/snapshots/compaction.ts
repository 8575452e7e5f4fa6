/**
 * When the log may shrink: the machine is asked to sync once the log has grown enough, and the core
 * is told how far the machine would survive without the log.
 *
 * Invariant: one sync of the machine at a time is under way for this.
 */
import type { RaftCore } from '../core/core.ts';
import type { RaftEvent } from '../core/events.ts';
import { diagnostics } from '../driver/diagnostics.ts';
import type { ResolvedOptions } from '../driver/options.ts';

export interface CompactionOptions {
  readonly options: ResolvedOptions;
  readonly core: RaftCore;
  readonly step: (event: RaftEvent) => void;
  readonly fail: (error: unknown) => void;
}

export class Compaction {
  readonly #context: CompactionOptions;
  #busy = false;
  #atBytes: number;

  constructor(context: CompactionOptions) {
    this.#context = context;
    this.#atBytes = context.options.snapshotEveryBytes;
  }

  /** Compacts when there is reason to. Cheap when there is none. */
  afterApply(): void {
    const { core, step, fail, options } = this.#context;
    const { log, machine, snapshotEveryBytes, snapshotEveryEntries } = options;
    const held = core.appliedIndex - core.baseIndex;
    const isLarge = log.bytes >= this.#atBytes;
    const isLong = held >= snapshotEveryEntries + options.compactionTailEntries;
    if (this.#busy || held <= 1 || !(isLarge || isLong)) return;
    this.#busy = true;
    // Large entries can fill the log before the tail is reached: then keep half of them.
    const tailEntries = Math.min(options.compactionTailEntries, held >> 1);
    machine.sync().then((durable) => {
      this.#busy = false;
      const before = core.baseIndex;
      step({ kind: 'compact', index: Math.min(durable, core.appliedIndex), tailEntries });
      if (diagnostics.compact.hasSubscribers && core.baseIndex > before) {
        diagnostics.compact.publish({ node: options.self, index: core.baseIndex });
      }
      // What could not be freed now must not be asked for again at every entry.
      this.#atBytes = log.bytes + snapshotEveryBytes;
    }, fail);
  }

  /** Drops a staged snapshot that came too late, unless a restart would need it. */
  discardStaged(): void {
    const { core, fail, options } = this.#context;
    const { log, machine } = options;
    const staged = log.stagedSnapshot()?.index;
    machine
      .sync()
      .then((durable) => {
        if (core.restoring || log.stagedSnapshot()?.index !== staged) return;
        if (durable >= core.baseIndex) log.discardSnapshot();
      })
      .catch(fail);
  }
}
