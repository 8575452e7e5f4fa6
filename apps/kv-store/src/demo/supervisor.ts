/**
 * The demo's brain: owns the cluster, the clients, the meter and the event list, and tells anyone
 * who asks (the dashboard, the printed story) how things stand. It knows nothing of HTTP or
 * terminals.
 *
 * Lifetime: `Supervisor.open` starts the nodes, `close` ends everything it started; `close` also
 * works while `open` or `run` is still under way.
 */
import { Cluster, type ClusterOptions, type Kill } from './cluster.ts';
import type { DataSet } from './data-set.ts';
import type { EventLog } from './event-log.ts';
import { Importer } from './importer.ts';
import { reportGap, runKillPlan } from './kill-plan.ts';
import { LiveClients } from './live-clients.ts';
import { Meter, SAMPLE_EVERY_MS } from './meter.ts';
import { readBack, type Verdict } from './read-back.ts';
import type {
  DemoState,
  DemoTick,
  DemoUpdate,
  ImportView,
  Load,
  Phase,
  PlanMark,
} from './state.ts';
import { openStore, type Store } from './store.ts';

const IMPORT_CLIENTS = 4;
/** Listeners hear of nodes and events more often than of figures. */
const TICKS_PER_SAMPLE = 2;
const ERRORS_REPORTED_EVERY_MS = 5_000;

export interface SupervisorOptions extends Omit<ClusterOptions, 'onFailure'> {
  readonly dataSet: DataSet;
}

export class Supervisor {
  readonly cluster: Cluster;
  readonly events: EventLog;
  readonly meter: Meter;
  readonly live: LiveClients;
  readonly #dataSet: DataSet;
  readonly #importer: Importer;
  readonly #writers: Store[] = [];
  readonly #marks: PlanMark[] = [];
  readonly #closing = new AbortController();
  readonly #failure = new AbortController();
  readonly #listeners = new Set<() => void>();
  #ticker: NodeJS.Timeout | undefined;
  #phase: Phase = 'starting';
  #readBack = 0;
  #nodesReadBack: number | undefined;
  #verdict: Verdict | undefined;
  #lastErrorMs = Number.NEGATIVE_INFINITY;
  #closed: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    const { dataSet, events, elapsedMs } = options;
    this.#dataSet = dataSet;
    this.events = events;
    this.cluster = new Cluster({
      ...options,
      onFailure: (error) => this.#failure.abort(error),
    });
    this.meter = new Meter(elapsedMs);
    this.#importer = new Importer(dataSet.records, this.meter);
    this.live = new LiveClients({
      prefix: `live/${Date.now().toString(36)}/`,
      open: (client) => openStore(this.cluster.urls(), client),
      meter: this.meter,
      onError: (error) => this.#clientError(error),
    });
  }

  get marks(): readonly PlanMark[] {
    return this.#marks;
  }

  get retries(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.retries, this.live.retries);
  }

  get importedPerSecond(): number {
    return this.#importer.perSecond;
  }

  /** Called four times a second. */
  onTick(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    let ticks = 0;
    this.#ticker = setInterval(() => {
      ticks += 1;
      if (ticks % TICKS_PER_SAMPLE === 0) this.meter.tick();
      for (const listener of this.#listeners) listener();
    }, SAMPLE_EVERY_MS / TICKS_PER_SAMPLE);
    await this.cluster.start();
    await this.live.setLoad('light');
  }

  /**
   * Import under fire, then proof. Resolves with the verdict over all nodes.
   * @throws {DemoError} as soon as a node ends that was not killed from here.
   */
  async run(): Promise<Verdict> {
    const signal = AbortSignal.any([this.#closing.signal, this.#failure.signal]);
    try {
      this.#phase = 'importing';
      await this.#import(signal);
      this.#phase = 'verifying';
      this.#verdict = await this.#readBackAll(signal);
      this.#phase = 'ready';
      return this.#verdict;
    } catch (error) {
      this.#phase = 'failed';
      throw error;
    }
  }

  async #import(signal: AbortSignal): Promise<void> {
    const total = this.#dataSet.records.length;
    const urls = this.cluster.urls();
    for (let first = 0; first < IMPORT_CLIENTS; first++) this.#writers.push(openStore(urls, first));
    // One failing must end the other, or the demo would wait for ever on half of its plan.
    const either = new AbortController();
    const both = AbortSignal.any([signal, either.signal]);
    const plan = runKillPlan({
      cluster: this.cluster,
      add: () => this.add(),
      remove: (id) => this.remove(id),
      importer: this.#importer,
      meter: this.meter,
      events: this.events,
      total,
      onMark: (mark) => this.#marks.push(mark),
      signal: both,
    });
    try {
      await Promise.all([this.#importer.run(this.#writers, both), plan]);
    } catch (error) {
      either.abort(error);
      throw error;
    }
    const count = total.toLocaleString('en');
    const speed = this.#importer.perSecond.toLocaleString('en');
    this.events.add('note', `all ${count} records are acknowledged, at ${speed} per second`);
  }

  async #readBackAll(signal: AbortSignal): Promise<Verdict> {
    this.#nodesReadBack = this.cluster.ids.length;
    return readBack({
      cluster: this.cluster,
      dataSet: this.#dataSet,
      livePrefix: this.live.prefix,
      live: this.live.acknowledged(),
      signal,
      onRecord: () => {
        this.#readBack += 1;
      },
      onNode: (id, { lost, wrong }) => {
        const text = `${id} holds every record: 0 lost, 0 wrong`;
        const trouble = `${id} does not hold what was written: ${lost} lost, ${wrong} wrong`;
        const fine = lost + wrong === 0;
        this.events.add(fine ? 'verified' : 'trouble', fine ? text : trouble, id);
      },
    });
  }

  /** A node more; clients ask it as well from then on. */
  async add(): Promise<string> {
    const id = await this.cluster.add();
    this.#followMembers();
    return id;
  }

  async remove(id: string): Promise<void> {
    await this.cluster.remove(id);
    this.#followMembers();
  }

  /** SIGKILL by hand; a leader's write gap is measured as in the plan. */
  async kill(id: string): Promise<void> {
    this.#measure(await this.cluster.kill(id));
  }

  async killLeader(): Promise<void> {
    this.#measure(await this.cluster.killLeader());
  }

  tick(): DemoTick {
    return {
      nowMs: Math.round(this.meter.now()),
      phase: this.#phase,
      load: this.live.load,
      nodes: this.cluster.views(),
      import: this.#importView(),
      elections: this.meter.elections(),
    };
  }

  state(): DemoState {
    return {
      ...this.tick(),
      sampleEveryMs: SAMPLE_EVERY_MS,
      samples: this.meter.samples,
      events: this.events.events,
    };
  }

  /** What has come since a listener last looked. */
  update(afterSampleMs: number, afterEvent: number): DemoUpdate {
    return {
      ...this.tick(),
      samples: this.meter.samples.filter((sample) => sample.atMs > afterSampleMs),
      events: this.events.after(afterEvent),
    };
  }

  setLoad(load: Load): Promise<void> {
    return this.live.setLoad(load);
  }

  /** Ends clients and nodes. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(new DOMException('the demo is closing', 'AbortError'));
    clearInterval(this.#ticker);
    await this.live.close();
    await Promise.all(this.#writers.map((writer) => writer.close()));
    await this.cluster.close();
  }

  #importView(): ImportView {
    return {
      source: this.#dataSet.name,
      total: this.#dataSet.records.length,
      records: this.#importer.acknowledged,
      perSecond: this.#importer.perSecond,
      marks: this.#marks,
      readBack: this.#readBack,
      copies: this.#dataSet.records.length * (this.#nodesReadBack ?? this.cluster.ids.length),
      ...(this.#verdict === undefined ? {} : { verdict: this.#verdict }),
    };
  }

  #followMembers(): void {
    const urls = this.cluster.urls();
    for (const store of [...this.#writers, ...this.live.stores]) store.follow(urls);
  }

  #measure(kill: Kill | undefined): void {
    // Not awaited: writes may not get through for as long as the user leaves a majority dead.
    if (kill?.led) void reportGap(kill, this.meter, this.events);
  }

  #clientError(error: unknown): void {
    const now = this.meter.now();
    if (now - this.#lastErrorMs < ERRORS_REPORTED_EVERY_MS) return;
    this.#lastErrorMs = now;
    const message = error instanceof Error ? error.message : String(error);
    this.events.add('trouble', `a client gave up on a request: ${message}`);
  }
}
