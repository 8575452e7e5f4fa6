/** What a request's query says about scans, consistency and members; all of it checked. */
import type { MemberChange } from '@ds/raft';
import { KvError } from './errors.ts';
import type { ReadOptions } from './kv-node.ts';
import { parseQuery, percentDecode, percentEncode } from './percent-encoding.ts';
import type { ScanPage, ScanRequest } from './scan.ts';

type Parameters = ReadonlyMap<string, string>;

export function readConsistency(parameters: Parameters): ReadOptions {
  const consistency = parameters.get('consistency') ?? 'linearizable';
  if (consistency === 'linearizable' || consistency === 'stale') return { consistency };
  throw new KvError('KV_BAD_REQUEST', `consistency is linearizable or stale, got '${consistency}'`);
}

export function readScan(parameters: Parameters): ScanRequest {
  const [prefix, after, limit] = ['prefix', 'after', 'limit'].map((name) => parameters.get(name));
  return {
    prefix: prefix === undefined ? undefined : percentDecode(prefix, true),
    after: after === undefined ? undefined : percentDecode(after, true),
    // A text that is no number becomes NaN, which the scan refuses as out of range.
    limit: limit === undefined ? undefined : Number(limit),
  };
}

/** `PUT ?as=voter` or `?as=learner`, or `DELETE`; `undefined` for another method. */
export function readMemberChange(
  method: string,
  id: string,
  query: string,
): MemberChange | undefined {
  if (method === 'DELETE') {
    parseQuery(query, []);
    return { type: 'remove', id };
  }
  if (method !== 'PUT') return undefined;
  const type = parseQuery(query, ['as']).get('as') ?? 'voter';
  if (type === 'voter' || type === 'learner') return { type, id };
  throw new KvError('KV_BAD_REQUEST', `a member is added as voter or learner, not as '${type}'`);
}

/** Where the page after `page` is, as a path and query. */
export function nextPage(parameters: Parameters, page: ScanPage): string {
  const after = percentEncode(page.entries[page.entries.length - 1]!.key);
  const kept = [...parameters].filter(([name]) => name !== 'after');
  return `/kv?${[...kept, ['after', after]].map(([name, value]) => `${name}=${value}`).join('&')}`;
}
