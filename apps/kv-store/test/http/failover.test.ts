import { expect, it } from 'vitest';
import { KvClient } from '../../src/client.ts';
import { Cluster } from '../cluster.ts';
import { ask } from './ask.ts';

it('a node that is cut off refuses linearizable reads and writes, and still answers stale ones', async () => {
  await using cluster = await Cluster.open({ limits: { timeoutMs: 400 } });
  const old = await cluster.leader();
  await ask(old.http.url, 'PUT', '/kv/a', { body: 'before' });
  old.transport.isolate();
  const next = await cluster.leader();
  expect(next.id).not.toBe(old.id);
  await ask(next.http.url, 'PUT', '/kv/a', { body: 'after' });
  const read = await ask(old.http.url, 'GET', '/kv/a');
  expect([read.status, read.json().code]).toEqual([503, 'KV_NO_LEADER']);
  expect(Number(read.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  const stale = await ask(old.http.url, 'GET', '/kv/a?consistency=stale');
  expect([stale.status, stale.text]).toEqual([200, 'before']);
  const write = await ask(old.http.url, 'PUT', '/kv/a', { body: 'never' });
  expect([write.status, write.json().code]).toEqual([503, 'KV_NO_LEADER']);
  expect((await ask(old.http.url, 'GET', '/health/ready')).status).toBe(503);
  old.transport.rejoin();
  const again = await ask(old.http.url, 'GET', '/kv/a');
  expect([again.status, again.text]).toEqual([200, 'after']);
});

it('a write that was sent twice under one session number is applied once', async () => {
  await using cluster = await Cluster.open();
  const [first, second] = cluster.urls as [string, string];
  const session = (await ask(first, 'POST', '/sessions')).json().session;
  const headers = { 'DS-Session': String(session), 'DS-Sequence': '1', 'DS-Acknowledged': '0' };
  const once = await ask(first, 'PUT', '/kv/a', { body: 'mine', headers });
  await ask(second, 'PUT', '/kv/a', { body: 'theirs' });
  const twice = await ask(second, 'PUT', '/kv/a', { body: 'mine', headers });
  expect([twice.status, twice.headers.etag]).toEqual([204, once.headers.etag]);
  expect((await ask(first, 'GET', '/kv/a')).text).toBe('theirs');
  // What the client has acknowledged may be forgotten, and must not be applied again either.
  const later = { ...headers, 'DS-Sequence': '2', 'DS-Acknowledged': '1' };
  await ask(first, 'PUT', '/kv/b', { body: 'x', headers: later });
  const stale = await ask(first, 'PUT', '/kv/a', { body: 'mine', headers });
  expect([stale.status, stale.json().code]).toEqual([409, 'KV_SESSION_STALE']);
  expect((await ask(first, 'GET', '/kv/a')).text).toBe('theirs');
});

it('a conditional write that is retried hears its first answer', async () => {
  await using cluster = await Cluster.open();
  const [url] = cluster.urls as [string];
  const session = (await ask(url, 'POST', '/sessions')).json().session;
  const headers = { 'DS-Session': String(session), 'DS-Sequence': '1', 'If-None-Match': '*' };
  expect((await ask(url, 'PUT', '/kv/lock', { body: 'me', headers })).status).toBe(201);
  expect((await ask(url, 'PUT', '/kv/lock', { body: 'me', headers })).status).toBe(201);
});

it('beyond its limits a server refuses instead of queueing', async () => {
  await using cluster = await Cluster.open({ http: { maxBodyBytes: 1_000, maxInFlight: 1 } });
  const leader = await cluster.leader();
  const { url } = leader.http;
  for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
    const large = await ask(url, 'PUT', '/kv/a', { body: Buffer.alloc(1_001), headers });
    expect([large.status, large.json().code]).toEqual([413, 'KV_TOO_LARGE']);
  }
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => ask(url, 'PUT', `/kv/${i}`, { body: 'x' })),
  );
  const statuses = new Set(answers.map(({ status }) => status));
  expect(statuses).toEqual(new Set([204, 503]));
  const refused = answers.find(({ status }) => status === 503)!;
  expect(refused.json().code).toBe('KV_OVERLOADED');
  expect(refused.headers['retry-after']).toBe('1');
});

it('the client goes on through changes of the leader, and applies each write once', async () => {
  await using cluster = await Cluster.open({ limits: { timeoutMs: 400 } });
  await using client = new KvClient({ endpoints: cluster.urls, timeoutMs: 20_000 });
  let version: number | undefined;
  for (let i = 1; i <= 60; i += 1) {
    if (i % 20 === 0) {
      for (const { transport } of cluster.nodes) transport.rejoin();
      (await cluster.leader()).transport.isolate();
    }
    // An increment by compare-and-set: applied twice, or lost, it would conflict or miscount.
    const options = version === undefined ? { ifExists: false } : { ifVersion: version };
    ({ version } = await client.put('counter', String(i), options));
  }
  expect((await client.get('counter'))?.value.toString()).toBe('60');
  expect(client.counters.retries).toBeGreaterThan(0);
});

it('the client reads its own batches, scans and deletions', async () => {
  await using cluster = await Cluster.open();
  await using client = new KvClient({ endpoints: cluster.urls });
  const key = (i: number): Buffer => Buffer.from([0xff, i]);
  const { found } = await client.batch(
    Array.from({ length: 20 }, (_, i) => ({ type: 'put' as const, key: key(i), value: key(i) })),
  );
  expect(found).toHaveLength(20);
  const seen: number[] = [];
  for await (const entry of client.scan({ prefix: Buffer.from([0xff]), pageSize: 7 })) {
    expect(entry.value).toEqual(entry.key);
    seen.push(entry.key[1]!);
  }
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(await client.delete(key(3))).toEqual({ deleted: true });
  expect(await client.delete(key(3))).toEqual({ deleted: false });
  expect(await client.get(key(3))).toBeUndefined();
  await expect(client.put('a', 'b', { ifVersion: 7 })).rejects.toMatchObject({
    code: 'KV_CONFLICT',
    currentVersion: 0,
  });
  const aborted = AbortSignal.abort(new Error('changed my mind'));
  await expect(client.get('a', { signal: aborted })).rejects.toThrow('changed my mind');
});

it('a client that reaches nobody says so', async () => {
  await using client = new KvClient({ endpoints: ['http://127.0.0.1:9'], timeoutMs: 50 });
  await expect(client.get('a')).rejects.toMatchObject({ code: 'KV_UNREACHABLE' });
  await expect(client.put('a', 'b')).rejects.toMatchObject({ code: 'KV_UNREACHABLE' });
});
