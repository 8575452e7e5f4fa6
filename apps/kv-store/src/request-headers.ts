/** What a request's headers say about conditions and sessions; all of it checked. */
import type { IncomingHttpHeaders } from 'node:http';
import type { SessionTag } from '@ds/raft';
import type { Condition } from './commands.ts';
import { KvError } from './errors.ts';
import type { ConditionalWriteOptions } from './kv-node.ts';

/** What a write's headers ask for; a plain put has none of them and pays next to nothing. */
export function readWriteOptions(headers: IncomingHttpHeaders): ConditionalWriteOptions {
  return { condition: readCondition(headers), tag: readSessionTag(headers) };
}

/**
 * The condition of `If-Match: "<version>"`, `If-Match: *` (the key exists) or `If-None-Match: *`
 * (it does not).
 */
export function readCondition(headers: IncomingHttpHeaders): Condition | undefined {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw new KvError('KV_BAD_REQUEST', 'If-Match and If-None-Match exclude each other');
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch === '*') return { type: 'absent' };
    throw new KvError('KV_BAD_REQUEST', 'a write takes no If-None-Match but *');
  }
  if (ifMatch === '*') return { type: 'exists' };
  return { type: 'version', version: readEtag(ifMatch!) };
}

/** The version in an ETag of ours: `"12"`. */
export function readEtag(text: string): number {
  const match = /^"(\d{1,16})"$/.exec(text);
  const version = match ? Number(match[1]) : Number.NaN;
  if (Number.isSafeInteger(version)) return version;
  throw new KvError('KV_BAD_REQUEST', `a version is given as an ETag like "12", got ${text}`);
}

/** The tag of `DS-Session`, `DS-Sequence` and `DS-Acknowledged`; the last defaults to 0. */
export function readSessionTag(headers: IncomingHttpHeaders): SessionTag | undefined {
  const session = headers['ds-session'];
  const sequence = headers['ds-sequence'];
  if (session === undefined && sequence === undefined) return undefined;
  const acknowledged = headers['ds-acknowledged'] ?? '0';
  const tag = {
    session: readWhole('DS-Session', session),
    sequence: readWhole('DS-Sequence', sequence),
    acknowledged: readWhole('DS-Acknowledged', acknowledged),
  };
  if (tag.session < 1 || tag.sequence < 1 || tag.acknowledged >= tag.sequence) {
    throw new KvError('KV_BAD_REQUEST', 'DS-Acknowledged is below DS-Sequence, which starts at 1');
  }
  return tag;
}

function readWhole(name: string, text: string | string[] | undefined): number {
  const number = typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new KvError('KV_BAD_REQUEST', `${name} is a whole number`);
}
