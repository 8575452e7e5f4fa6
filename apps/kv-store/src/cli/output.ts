/** Entries and status as text on standard output, at the pace of whoever reads it. */
import type { KvEntry, NodeStatus } from '../client.ts';
import { KvError } from '../errors.ts';
import { entryToJson } from '../json-form.ts';

export type EntryForm = 'text' | 'keys' | 'json';

/** One entry on one line; bytes that are not text appear escaped in the text forms. */
export async function printEntry(entry: KvEntry, form: EntryForm): Promise<void> {
  if (form === 'json') return writeOut(`${JSON.stringify(entryToJson(entry))}\n`);
  const key = printable(entry.key);
  return writeOut(form === 'keys' ? `${key}\n` : `${key}\t${printable(entry.value)}\n`);
}

/**
 * A table with one line per node.
 * @throws {KvError} `KV_NO_LEADER` after printing it, when no node leads.
 */
export async function printStatus(
  endpoints: readonly string[],
  statuses: readonly (NodeStatus | Error)[],
  json: boolean,
): Promise<void> {
  if (json) {
    const documents = statuses.map((status, i) =>
      status instanceof Error ? { endpoint: endpoints[i], error: status.message } : status,
    );
    await writeOut(`${JSON.stringify(documents, null, 2)}\n`);
  } else {
    const rows = statuses.map((status, i) => statusRow(endpoints[i] ?? '', status));
    await writeOut(table(HEADINGS, rows));
  }
  if (!statuses.some((status) => !(status instanceof Error) && status.role === 'leader')) {
    throw new KvError('KV_NO_LEADER', 'no node says that it leads');
  }
}

/** One line per member. */
export async function printMembers({
  members,
  voters,
}: {
  readonly members: readonly string[];
  readonly voters: readonly string[];
}): Promise<void> {
  const rows = members.map((id) => [id, voters.includes(id) ? 'votes' : 'learns']);
  await writeOut(table(['node', 'part'], rows));
}

const HEADINGS = ['node', 'endpoint', 'role', 'term', 'commit', 'applied', 'log', 'put p50/p99 ms'];

function statusRow(endpoint: string, status: NodeStatus | Error): string[] {
  if (status instanceof Error) return ['?', endpoint, 'does not answer', '', '', '', '', ''];
  const { id, role, term, commitIndex, appliedIndex, firstIndex, lastIndex, latency } = status;
  const { p50Ms, p99Ms } = latency.write;
  return [
    id,
    endpoint,
    status.isolated ? `${role}, cut off` : role,
    String(term),
    String(commitIndex),
    String(appliedIndex),
    `${firstIndex}..${lastIndex}`,
    p50Ms === null || p99Ms === null ? '-' : `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)}`,
  ];
}

function table(headings: readonly string[], body: readonly (readonly string[])[]): string {
  const rows = [headings, ...body];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return `${rows.map(line).join('\n')}\n`;
}

/** Writes, and waits when the reader is slower than we are. */
export function writeOut(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

/** UTF-8 without control characters as it is; everything else as a quoted, escaped string. */
function printable(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no terminal may get these.
  const plain = !/[\u0000-\u001f\u007f-\u009f\ufffd]/.test(text);
  return plain ? text : JSON.stringify(Buffer.from(bytes).toString('latin1'));
}
