/** A trace as JSON lines: one event a line, bytes as hexadecimal text, bigints as text. */
import type { TraceEvent } from '../kernel/trace.ts';

/** Fields of each line: `atMs`, `node` (absent for the world), `kind`, `data`. */
export function traceLines(trace: readonly TraceEvent[]): string {
  return trace.map((event) => `${JSON.stringify(event, readable)}\n`).join('');
}

/** For `JSON.stringify`: what JSON does not know, in a form that people can read. */
export function readable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (!(value instanceof Uint8Array)) return value;
  return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
