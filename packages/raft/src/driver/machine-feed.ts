/**
 * Feeds the machine: committed entries in order, snapshots in place of them, one call at a time.
 */
import { sleep } from '@ds/clock';
import type { RaftEvent } from '../core/events.ts';
import type { LogEntry } from '../log/entry.ts';
import type { LogPosition } from '../log/raft-log.ts';
import type { ApplyResult } from '../machine/state-machine.ts';
import { diagnostics } from './diagnostics.ts';
import type { ResolvedOptions } from './options.ts';
import { recoverMachine } from './recovery.ts';

export interface MachineFeedOptions {
  readonly options: Pick<ResolvedOptions, 'self' | 'log' | 'machine' | 'clock'>;
  /** Entries that are in memory. */
  readonly cached: (first: number, last: number, maxBytes: number) => LogEntry[] | undefined;
  readonly applied: (entries: readonly LogEntry[], results: readonly ApplyResult[]) => void;
  readonly step: (event: RaftEvent) => void;
  readonly fail: (error: unknown) => void;
}

/** The most entry bytes handed to the machine at once. */
const APPLY_BYTES = 2 ** 20;

export class MachineFeed {
  readonly #context: MachineFeedOptions;
  #busy: Promise<void> = Promise.resolve();

  constructor(context: MachineFeedOptions) {
    this.#context = context;
  }

  /** Settles when the machine is not busy. */
  get settled(): Promise<void> {
    return this.#busy;
  }

  apply(firstIndex: number, lastIndex: number): void {
    const { options, cached, applied, fail } = this.#context;
    const { self: node, log, machine } = options;
    const entries =
      cached(firstIndex, lastIndex, APPLY_BYTES) ?? log.read(firstIndex, lastIndex, APPLY_BYTES);
    this.#busy = machine.apply(entries).then((results) => {
      applied(entries, results);
      if (!diagnostics.apply.hasSubscribers) return;
      const last = firstIndex + entries.length - 1;
      diagnostics.apply.publish({ node, firstIndex, lastIndex: last });
    }, fail);
  }

  restore(position: LogPosition): void {
    const { options, step, fail } = this.#context;
    const { self: node, log, machine, clock } = options;
    const restore = async (): Promise<void> => {
      // Reads that were served a moment ago must be able to look before the machine changes.
      await sleep(clock, 0);
      await recoverMachine(log, machine);
      step({ kind: 'restored', position });
      if (diagnostics.restore.hasSubscribers) {
        diagnostics.restore.publish({ node, index: position.index });
      }
    };
    // An apply may still be under way: the machine does one thing at a time.
    this.#busy = this.#busy.then(restore).catch(fail);
  }
}
