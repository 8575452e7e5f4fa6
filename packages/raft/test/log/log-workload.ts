/**
 * What a member does to its log, drawn from a seed: entries, conflicts, votes, compactions, resets,
 * snapshots, and syncs that are under way while all that goes on. The device finishes what it was
 * asked for in an order of its own.
 */
import { type Random, SimDisk, seededRandom } from '@ds/sim';
import {
  type LogBase,
  type LogEntry,
  type LogWrite,
  RaftError,
  type RaftLog,
  type SnapshotStage,
} from '../../src/index.ts';
import type { LogRules } from '../../src/log/log-rules.ts';
import { openLogWithRules } from '../../src/log/open-log.ts';
import { initialConfiguration } from '../../src/members/configuration.ts';
import { encodeConfiguration } from '../../src/members/configuration-codec.ts';
import { LogModel, LogViolation, stagedName } from './log-model.ts';

export const DIRECTORY = 'raft';
export const IDENTITY = { self: 'a', clusterId: 'sweep' };
const SEGMENT_BYTES = 4096;

/** Turns of the microtask queue in which everything that can go on has gone on. */
const TURNS = 12;

const encoder = new TextEncoder();

/** A replaced decision of the log, or of the file system under it. */
export interface PlantedLog {
  readonly rules?: Partial<LogRules>;
  readonly fileSystem?: (inner: ReturnType<SimDisk['fileSystem']>) => typeof inner;
}

/** A disk whose syncs finish when told to, and one log on it after another. */
export class LogMachine {
  readonly disk: SimDisk;
  readonly model: LogModel = new LogModel();
  readonly #planted: PlantedLog;
  readonly #random: Random;
  #waiting: (() => void)[] = [];
  #log: RaftLog | undefined;
  #stage:
    | { readonly stage: SnapshotStage; readonly base: LogBase; chunks: Uint8Array[] }
    | undefined;
  /** What went wrong first, in calls that nobody waits for. */
  #error: unknown;
  #term = 1;

  constructor(seed: number, planted: PlantedLog = {}) {
    this.#random = seededRandom(seed, 'workload');
    this.#planted = planted;
    this.disk = new SimDisk({
      random: seededRandom(seed, 'disk'),
      staleTail: 0.5,
      defer: (_delayMs, fire) => void this.#waiting.push(fire),
    });
  }

  /** Opens the log, and checks what it found. */
  async open(): Promise<void> {
    this.#waiting = [];
    this.#error = undefined;
    this.#stage = undefined;
    const inner = this.disk.fileSystem();
    const fileSystem = this.#planted.fileSystem?.(inner) ?? inner;
    const options = { fileSystem, directory: DIRECTORY, segmentBytes: SEGMENT_BYTES, ...IDENTITY };
    this.#log = undefined;
    const log = await this.#settled(openLogWithRules(options, this.#planted.rules));
    this.#log = log;
    this.model.recovered(log);
    this.#term = Math.max(this.#term, log.recovered().hardState.term) + 1;
  }

  /** Some actions, each drawn for the state that the log is in. */
  async work(actions: number): Promise<void> {
    if (this.model.log.recovered().configurations.length === 0) {
      this.#write({ reset: { ...this.#base(0), index: 0, term: 0 }, entries: [] });
    }
    for (let left = actions; left > 0; left -= 1) {
      this.#act();
      await this.#turns();
      if (this.#error !== undefined) throw this.#error;
    }
  }

  async close(): Promise<void> {
    await this.#settled(this.#log!.close());
    this.model.synced(this.model.issued);
  }

  #act(): void {
    const random = this.#random;
    const draw = random();
    if (draw < 0.35) this.#append(random() < 0.3 ? 2_400 : 200, 1 + Math.floor(random() * 4));
    else if (draw < 0.42) this.#conflict();
    else if (draw < 0.5) this.#vote();
    else if (draw < 0.57) this.#compact();
    else if (draw < 0.6) this.#reset();
    else if (draw < 0.68) this.#handleSnapshot();
    else if (draw < 0.84) this.#sync();
    else this.#fire(1 + Math.floor(random() * 3));
  }

  #append(maxBytes: number, count: number): void {
    const { lastIndex } = this.model.log.recovered();
    const entries = Array.from({ length: count }, (_, i) =>
      this.#entry(lastIndex + 1 + i, maxBytes),
    );
    const hardState = this.#random() < 0.2 ? { term: this.#term, votedFor: 'b' } : undefined;
    this.#write({ entries, hardState });
  }

  /** Another leader's entries take the place of some at the end. */
  #conflict(): void {
    const { base, lastIndex } = this.model.log.recovered();
    if (lastIndex === base.index) return;
    this.#term += 1;
    const first = lastIndex - Math.floor(this.#random() * Math.min(4, lastIndex - base.index));
    this.#write({ entries: [this.#entry(first, 300)] });
  }

  #vote(): void {
    this.#term += 1;
    const votedFor = this.#random() < 0.5 ? 'b' : undefined;
    this.#write({ hardState: { term: this.#term, votedFor }, entries: [] });
  }

  #compact(): void {
    const { base, lastIndex } = this.model.log.recovered();
    const index = lastIndex - Math.floor(this.#random() * 3);
    if (index <= base.index) return;
    const [{ term }] = this.model.log.read(index, index, 1) as [LogEntry];
    this.#write({ entries: [], compact: { ...this.#base(index), term } });
  }

  #reset(): void {
    const { lastIndex } = this.model.log.recovered();
    this.#term += 1;
    this.#write({ reset: this.#base(lastIndex + 5), entries: [] });
  }

  #entry(index: number, maxBytes: number): LogEntry {
    const isChange = this.#random() < 0.1;
    const command = isChange
      ? encodeConfiguration(this.#configuration())
      : encoder.encode(`${index}.${this.#term} `.padEnd(this.#drawSize(maxBytes), 'x'));
    const kind = isChange ? 'configuration' : 'command';
    return { index, term: this.#term, kind, command, tag: undefined };
  }

  /** Few sizes, so that new records come to lie exactly where old ones did. */
  #drawSize(maxBytes: number): number {
    return Math.ceil(this.#random() * 3) * (maxBytes / 4);
  }

  #base(index: number): LogBase {
    return { index, term: this.#term, configuration: this.#configuration() };
  }

  #configuration(): LogBase['configuration'] {
    return initialConfiguration(['a', `n${Math.floor(this.#random() * 100)}`]);
  }

  #write(write: LogWrite): void {
    // The model first: a write that fails may have happened all the same.
    this.model.write(write);
    this.#log!.write(write);
  }

  #sync(): void {
    const { issued } = this.model;
    this.#log!.sync().then(() => this.model.synced(issued), this.#failing());
  }

  /** A snapshot begins, grows, is given up, is whole, or is dropped. */
  #handleSnapshot(): void {
    const log = this.#log!;
    const { staged } = this.model;
    const draw = this.#random();
    if (draw < 0.15 && log.stagedSnapshot() !== undefined) {
      staged.add(undefined);
      log.discardSnapshot();
    } else if (this.#stage === undefined || draw < 0.25) {
      // An unfinished one before it is dropped.
      const base = this.#base(this.model.log.recovered().lastIndex + 1);
      this.#stage = { stage: log.stageSnapshot(base), base, chunks: [] };
    } else if (draw < 0.6) {
      this.#stage.chunks.push(encoder.encode(`${Math.floor(this.#random() * 1000)}`));
      this.#stage.stage.append(this.#stage.chunks.at(-1)!);
    } else {
      this.#finish(this.#stage.stage, stagedName(this.#stage.base.index, this.#stage.chunks));
      this.#stage = undefined;
    }
  }

  #finish(stage: SnapshotStage, name: string): void {
    this.model.staged.add(name);
    const failed = this.#failing();
    stage.finish().then(
      () => {
        this.model.staged = new Set([name]);
      },
      (error) => {
        const isDropped = error instanceof RaftError && error.code === 'RAFT_CLOSED';
        if (!isDropped) failed(error);
      },
    );
  }

  /** For calls that nobody waits for: the first error ends the work, unless of an earlier life. */
  #failing(): (error: unknown) => void {
    const log = this.#log;
    return (error) => {
      if (this.#log === log) this.#error ??= error;
    };
  }

  /** The device finishes some of what it was asked for. */
  #fire(count: number): void {
    for (let left = count; left > 0 && this.#waiting.length > 0; left -= 1) {
      const at = Math.floor(this.#random() * this.#waiting.length);
      this.#waiting.splice(at, 1)[0]!();
    }
  }

  async #turns(): Promise<void> {
    for (let left = TURNS; left > 0; left -= 1) await Promise.resolve();
  }

  /** Waits for `promise` while the device does all it is asked for. */
  async #settled<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    promise.then(over, over);
    for (let idle = 0; !isOver; idle += 1) {
      if (this.#waiting.length > 0) idle = 0;
      if (idle > 20) throw new LogViolation('it waits for ever');
      this.#fire(Number.POSITIVE_INFINITY);
      await this.#turns();
    }
    return promise;
  }
}
