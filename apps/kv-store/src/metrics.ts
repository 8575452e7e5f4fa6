/**
 * What Prometheus scrapes at `/metrics`.
 *
 * Counters the node keeps anyway are copied when scraped, so a request pays for one histogram
 * observation and nothing else.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { KvNode } from './kv-node.ts';

const BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];

export type RequestKind = 'read' | 'write' | 'scan' | 'other';

export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #seconds: Readonly<Record<RequestKind, (seconds: number) => void>>;
  readonly #responses: Counter<'status'>;

  constructor(node: KvNode) {
    this.contentType = this.#registry.contentType;
    collectDefaultMetrics({ register: this.#registry });
    const histogram = new Histogram({
      name: 'ds_kv_request_seconds',
      help: 'Time from the request line to the last byte of the answer.',
      labelNames: ['kind'],
      buckets: BUCKETS_SECONDS,
      registers: [this.#registry],
    });
    const observe = (kind: RequestKind): ((seconds: number) => void) => {
      const child = histogram.labels(kind);
      return (seconds) => child.observe(seconds);
    };
    this.#seconds = {
      read: observe('read'),
      write: observe('write'),
      scan: observe('scan'),
      other: observe('other'),
    };
    this.#responses = new Counter({
      name: 'ds_kv_problems_total',
      help: 'Answers with an error, by HTTP status.',
      labelNames: ['status'],
      registers: [this.#registry],
    });
    this.#addNodeMetrics(node);
  }

  observe(kind: RequestKind, elapsedMs: number): void {
    this.#seconds[kind](elapsedMs / 1_000);
  }

  countProblem(status: number): void {
    this.#responses.inc({ status: String(status) });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #addNodeMetrics(node: KvNode): void {
    const registers = [this.#registry];
    const operations = new Counter({
      name: 'ds_kv_operations_total',
      help: 'Operations this node has answered for its clients, by kind.',
      labelNames: ['kind'],
      registers,
      collect: () => {
        operations.reset();
        for (const [kind, count] of Object.entries(node.status().counters)) {
          operations.inc({ kind }, count);
        }
      },
    });
    const raft = new Gauge({
      name: 'ds_raft_position',
      help: 'Where this member of the Raft group stands: its term and its log indexes.',
      labelNames: ['of'],
      registers,
      collect: () => {
        const { term, commitIndex, appliedIndex, firstIndex, lastIndex } = node.status();
        const positions = { term, commitIndex, appliedIndex, firstIndex, lastIndex };
        for (const [of, value] of Object.entries(positions)) raft.set({ of }, value);
      },
    });
    const leads: Gauge = new Gauge({
      name: 'ds_raft_leader',
      help: '1 while this member leads, else 0.',
      registers,
      collect: () => void leads.set(node.status().role === 'leader' ? 1 : 0),
    });
    const bytes: Gauge = new Gauge({
      name: 'ds_store_bytes',
      help: 'What the storage engine takes on disk.',
      registers,
      collect: () => void bytes.set(node.status().store.bytes),
    });
  }
}
