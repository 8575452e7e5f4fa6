/**
 * One member without a driver: a core, the writes of its log, and its machine. What its disk holds
 * is a prefix of the writes; a crash keeps at least what was reported to be on disk.
 */
import type { KeyValueStore } from '@ds/storage';
import { MemoryStore } from '@ds/storage/memory';
import { type CoreOptions, RaftCore } from '../../src/core/core.ts';
import type { RaftEvent, Ready, SequencedWrite } from '../../src/core/events.ts';
import type { Rules } from '../../src/core/rules.ts';
import { recoverMachine } from '../../src/driver/recovery.ts';
import type { StoreMachine } from '../../src/index.ts';
import { MemoryRaftLog } from '../../src/log/memory-log.ts';
import type { LogBase, LogWrite } from '../../src/log/raft-log.ts';
import { KeyValueMachine } from '../../src/machine/store-machine.ts';
import { initialConfiguration } from '../../src/members/configuration.ts';
import { applyCommand } from '../simulation/kv-service.ts';

/** One replaced decision; without any, the product as it is. */
export interface Planted {
  readonly rules?: Partial<Rules>;
  readonly Machine?: typeof KeyValueMachine;
  /** What the log makes of a write. */
  readonly alterWrite?: (write: SequencedWrite) => SequencedWrite;
  /** Writes are reported to be on disk at once, and are not. */
  readonly syncsTooEarly?: boolean;
}

export type Settings = Omit<
  CoreOptions,
  'self' | 'recovered' | 'appliedIndex' | 'nowMs' | 'random' | 'incarnation'
>;

export interface MemberOptions {
  readonly id: string;
  readonly voters: readonly string[];
  readonly rules: Rules;
  readonly planted: Planted;
  readonly settings: Settings;
  /** Its clock's reading now. */
  readonly now: () => number;
}

interface Staged {
  readonly base: LogBase;
  readonly chunks: readonly Uint8Array[];
}

const MAX_SESSIONS = 3;

export class SimulatedMember {
  core!: RaftCore;
  machine!: StoreMachine;
  /** All that its log would show now, on disk or not. */
  log!: MemoryRaftLog;
  readonly #options: MemberOptions;
  readonly #store: KeyValueStore = new MemoryStore();
  /** What is on its disk, and what is on its way there. */
  readonly #written: LogWrite[];
  #pending: SequencedWrite[] = [];
  #arriving: Staged | undefined;
  #staged: Staged | undefined;
  #lives = 0;

  constructor(options: MemberOptions) {
    this.#options = options;
    const configuration = initialConfiguration(options.voters);
    this.#written = [{ reset: { index: 0, term: 0, configuration }, entries: [] }];
  }

  /** Whether something is on its way to its disk. */
  get isWriting(): boolean {
    return this.#pending.length > 0;
  }

  /** Whether a snapshot has arrived that is not durable yet. */
  get isStaging(): boolean {
    return this.#arriving !== undefined;
  }

  get leaseReads(): boolean {
    return this.#options.settings.leaseReads;
  }

  /** Begins a life with what is on the disk. */
  async boot(kept = 0): Promise<void> {
    const { id, rules, planted, settings, now } = this.#options;
    this.#written.push(...this.#pending.splice(0, kept));
    this.#pending = [];
    this.#arriving = undefined;
    this.#lives += 1;
    this.log = new MemoryRaftLog();
    for (const write of this.#written) this.log.write(write);
    await this.#stageAgain();
    const Machine = planted.Machine ?? KeyValueMachine;
    const machine = new Machine({ store: this.#store, apply: applyCommand }, MAX_SESSIONS);
    await machine.recover();
    this.machine = machine;
    const { base } = this.log.recovered();
    await recoverMachine(this.log, machine);
    const recovered = this.log.recovered();
    if (recovered.base.index > base.index) {
      const { configuration } = recovered.configurations[0]!;
      this.#written.push({ reset: { ...recovered.base, configuration }, entries: [] });
    }
    this.#staged = undefined;
    const { appliedIndex } = machine;
    // Room for what a life counts up from there.
    const incarnation = this.#lives * 2 ** 20;
    const life = { recovered, appliedIndex, nowMs: now(), random: 0, incarnation };
    this.core = new RaftCore({ ...settings, self: id, ...life }, rules);
  }

  step(event: RaftEvent): void {
    this.core.step(event);
  }

  ready(): Ready | undefined {
    return this.core.ready();
  }

  write(write: SequencedWrite): void {
    const { alterWrite = (same) => same, syncsTooEarly } = this.#options.planted;
    const altered = alterWrite(write);
    this.log.write(altered);
    this.#pending.push(altered);
    if (!syncsTooEarly) return;
    const { sequence, term, index } = write;
    this.step({ kind: 'persisted', sequence, term, index });
  }

  /** The oldest `count` writes are on disk. */
  persist(count: number): void {
    const done = this.#pending.splice(0, count);
    this.#written.push(...done);
    const last = done.at(-1);
    if (last === undefined || this.#options.planted.syncsTooEarly) return;
    const { sequence, term, index } = last;
    this.step({ kind: 'persisted', sequence, term, index });
  }

  /** A snapshot has arrived, unless another one is on its way to the disk. */
  stage(base: LogBase, chunks: readonly Uint8Array[]): void {
    if (this.core.isWanted(base)) this.#arriving ??= { base, chunks };
  }

  /** The snapshot that has arrived is durable. */
  finishStaging(): void {
    if (this.#arriving === undefined) return;
    this.#staged = this.#arriving;
    this.#arriving = undefined;
    this.step({ kind: 'staged', base: this.#staged.base });
  }

  async restore(): Promise<void> {
    if (this.#staged === undefined) return;
    const { base, chunks } = this.#staged;
    await this.machine.restore(base, chunks);
    this.#staged = undefined;
    this.step({ kind: 'restored', position: base });
  }

  discardStaged(): void {
    this.#staged = undefined;
  }

  async #stageAgain(): Promise<void> {
    if (this.#staged === undefined) return;
    const stage = this.log.stageSnapshot(this.#staged.base);
    for (const chunk of this.#staged.chunks) stage.append(chunk);
    await stage.finish();
  }
}
