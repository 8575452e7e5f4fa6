/** What the interface promises, on a cluster whose maps are kept by one engine or the other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../src/open-engine.ts';
import { Cluster } from '../cluster.ts';
import { type Answer, ask } from './ask.ts';

export function interfaceSuite(store: EngineOptions): void {
  let cluster: Cluster;
  let leader: string;
  let follower: string;
  beforeAll(async () => {
    cluster = await Cluster.open({ store });
    leader = (await cluster.leader()).http.url;
    follower = (await cluster.follower()).http.url;
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const etagOf = (answer: Answer): string => answer.headers.etag!;

  describe('keys and values', () => {
    it('what is written through any node is read from every node', async () => {
      const written = await ask(follower, 'PUT', '/kv/greeting', { body: 'hello' });
      expect([written.status, written.text]).toEqual([204, '']);
      for (const url of cluster.urls) {
        const read = await ask(url, 'GET', '/kv/greeting');
        expect([read.status, read.text, etagOf(read)]).toEqual([200, 'hello', etagOf(written)]);
        expect(read.headers['content-type']).toBe('application/octet-stream');
      }
    });

    it('both are any bytes', async () => {
      const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const path = `/kv/${every.toString('hex').replaceAll(/../g, '%$&')}`;
      expect((await ask(leader, 'PUT', path, { body: every })).status).toBe(204);
      expect((await ask(follower, 'GET', path)).body.equals(every)).toBe(true);
      for (const key of ['a/b', '..', '+', ' ']) {
        const escaped = key === '..' ? '%2E%2E' : encodeURIComponent(key);
        await ask(leader, 'PUT', `/kv/${escaped}`, { body: key });
        expect((await ask(follower, 'GET', `/kv/${escaped}`)).text).toBe(key);
      }
      await ask(leader, 'PUT', '/kv/empty', { body: '' });
      expect(await ask(leader, 'GET', '/kv/empty')).toMatchObject({ status: 200, text: '' });
    });

    it('a key that is gone is not found, and deleting says whether it was there', async () => {
      await ask(leader, 'PUT', '/kv/short-lived', { body: 'x' });
      const first = await ask(follower, 'DELETE', '/kv/short-lived');
      expect([first.status, first.headers['ds-deleted']]).toEqual([204, 'true']);
      const second = await ask(follower, 'DELETE', '/kv/short-lived');
      expect([second.status, second.headers['ds-deleted']]).toEqual([204, 'false']);
      const read = await ask(leader, 'GET', '/kv/short-lived');
      expect([read.status, read.json().code]).toEqual([404, 'KV_NOT_FOUND']);
      expect(read.headers['content-type']).toBe('application/problem+json');
    });

    it('HEAD and If-None-Match spare the value', async () => {
      const written = await ask(leader, 'PUT', '/kv/cached', { body: 'value' });
      const head = await ask(leader, 'HEAD', '/kv/cached');
      expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '5', '']);
      const headers = { 'If-None-Match': etagOf(written) };
      expect((await ask(leader, 'GET', '/kv/cached', { headers })).status).toBe(304);
      expect(
        (await ask(leader, 'GET', '/kv/cached', { headers: { 'If-None-Match': '"1"' } })).status,
      ).toBe(200);
    });
  });

  describe('conditions', () => {
    it('a write with a stale version changes nothing and tells the current one', async () => {
      const first = await ask(leader, 'PUT', '/kv/counter', { body: '1' });
      const headers = { 'If-Match': etagOf(first) };
      const second = await ask(follower, 'PUT', '/kv/counter', { body: '2', headers });
      expect(second.status).toBe(204);
      const third = await ask(follower, 'PUT', '/kv/counter', { body: '3', headers });
      expect(third.status).toBe(412);
      expect(third.json()).toMatchObject({
        code: 'KV_CONFLICT',
        currentVersion: Number(etagOf(second).slice(1, -1)),
      });
      expect((await ask(leader, 'GET', '/kv/counter')).text).toBe('2');
    });

    it('If-None-Match: * creates once, If-Match: * needs a key', async () => {
      const create = { 'If-None-Match': '*' };
      const created = await ask(leader, 'PUT', '/kv/lock', { body: 'a', headers: create });
      expect(created.status).toBe(201);
      expect((await ask(leader, 'PUT', '/kv/lock', { body: 'b', headers: create })).status).toBe(
        412,
      );
      const exists = { 'If-Match': '*' };
      expect((await ask(leader, 'DELETE', '/kv/lock', { headers: exists })).status).toBe(204);
      const missing = await ask(leader, 'PUT', '/kv/lock', { body: 'b', headers: exists });
      expect([missing.status, missing.json().currentVersion]).toEqual([412, 0]);
    });
  });

  describe('scans', () => {
    it('list a prefix page by page, readable where it is text', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        await ask(leader, 'PUT', `/kv/list%2F${name}`, { body: `value ${name}` });
      }
      await ask(leader, 'PUT', '/kv/list%2F%ff', { body: Buffer.from([0, 255]) });
      const keys: unknown[] = [];
      let path: unknown = '/kv?prefix=list/&limit=2';
      while (typeof path === 'string') {
        const page = (await ask(follower, 'GET', path)).json();
        const entries = page.entries as { key?: string; keyBase64?: string }[];
        keys.push(...entries.map(({ key, keyBase64 }) => key ?? keyBase64));
        path = page.next;
      }
      const binary = Buffer.from('list/\xff', 'latin1').toString('base64');
      expect(keys).toEqual(['list/a', 'list/b', 'list/c', 'list/d', 'list/e', binary]);
      const last = (await ask(leader, 'GET', '/kv?prefix=list/&after=list/e')).json();
      expect(last).toMatchObject({
        entries: [{ keyBase64: binary, valueBase64: 'AP8=' }],
        next: null,
      });
    });
  });

  describe('batches', () => {
    const batch = (operations: unknown[], headers = { 'Content-Type': 'application/json' }) =>
      ask(follower, 'POST', '/kv', { headers, body: JSON.stringify({ operations }) });

    it('take effect whole, under one version', async () => {
      await ask(leader, 'PUT', '/kv/batch-old', { body: 'x' });
      const answer = await batch([
        { op: 'put', key: 'batch-a', value: 'text' },
        { op: 'put', key: 'batch-b', valueBase64: 'AP8=' },
        { op: 'delete', key: 'batch-old', ifExists: true },
        { op: 'check', key: 'batch-none', ifExists: false },
      ]);
      expect(answer.status).toBe(200);
      const { version, found } = answer.json();
      expect(found).toEqual([null, null, true, false]);
      expect(etagOf(await ask(leader, 'GET', '/kv/batch-b'))).toBe(`"${version}"`);
      expect((await ask(leader, 'GET', '/kv/batch-old')).status).toBe(404);
    });

    it('or not at all, naming the operation that did not hold', async () => {
      const answer = await batch([
        { op: 'put', key: 'batch-never', value: 'x' },
        { op: 'check', key: 'batch-none', ifExists: true },
      ]);
      expect(answer.status).toBe(412);
      expect(answer.json()).toMatchObject({ code: 'KV_CONFLICT', operation: 1, currentVersion: 0 });
      expect((await ask(leader, 'GET', '/kv/batch-never')).status).toBe(404);
    });

    it('are refused as a form of a web page could send them', async () => {
      const answer = await batch([{ op: 'delete', key: 'x' }], { 'Content-Type': 'text/plain' });
      expect([answer.status, answer.json().code]).toEqual([400, 'KV_BAD_REQUEST']);
    });
  });

  describe('bad input is refused with its reason, and harms nothing else', () => {
    const json = { 'Content-Type': 'application/json' };
    it.each([
      ['PUT', '/kv/%zz', {}, 400, 'KV_BAD_REQUEST'],
      ['GET', `/kv/${'k'.repeat(1_025)}`, {}, 400, 'KV_BAD_REQUEST'],
      ['GET', '/kv/', {}, 404, 'KV_NOT_FOUND'],
      ['GET', '/elsewhere', {}, 404, 'KV_NOT_FOUND'],
      ['GET', '/__proto__', {}, 404, 'KV_NOT_FOUND'],
      ['PATCH', '/kv/a', {}, 405, 'KV_METHOD_NOT_ALLOWED'],
      ['DELETE', '/kv', {}, 405, 'KV_METHOD_NOT_ALLOWED'],
      ['GET', '/kv/a?consistency=eventual', {}, 400, 'KV_BAD_REQUEST'],
      ['GET', '/kv/a?colour=red', {}, 400, 'KV_BAD_REQUEST'],
      ['GET', '/kv?limit=1&limit=2', {}, 400, 'KV_BAD_REQUEST'],
      ['GET', '/kv?limit=0', {}, 400, 'KV_BAD_REQUEST'],
      ['GET', '/kv?limit=many', {}, 400, 'KV_BAD_REQUEST'],
      ['PUT', '/kv/a', { headers: { 'If-Match': 'W/"1"' } }, 400, 'KV_BAD_REQUEST'],
      ['PUT', '/kv/a', { headers: { 'If-None-Match': '"1"' } }, 400, 'KV_BAD_REQUEST'],
      [
        'PUT',
        '/kv/a',
        { headers: { 'If-Match': '*', 'If-None-Match': '*' } },
        400,
        'KV_BAD_REQUEST',
      ],
      ['PUT', '/kv/a', { headers: { 'DS-Session': '1' } }, 400, 'KV_BAD_REQUEST'],
      [
        'PUT',
        '/kv/a',
        { headers: { 'DS-Session': '-1', 'DS-Sequence': '1' } },
        400,
        'KV_BAD_REQUEST',
      ],
      [
        'PUT',
        '/kv/a',
        { headers: { 'DS-Session': '99999', 'DS-Sequence': '1' } },
        410,
        'KV_SESSION_EXPIRED',
      ],
      ['POST', '/kv', { headers: json, body: '{' }, 400, 'KV_BAD_REQUEST'],
      ['POST', '/kv', { headers: json, body: '[]' }, 400, 'KV_BAD_REQUEST'],
      ['POST', '/kv', { headers: json, body: '{"operations":[]}' }, 400, 'KV_BAD_REQUEST'],
      [
        'POST',
        '/kv',
        { headers: json, body: '{"operations":[{"op":"put","key":"a"}]}' },
        400,
        'KV_BAD_REQUEST',
      ],
    ] as const)('%s %s', async (method, path, options, status, code) => {
      const answer = await ask(leader, method, path, options);
      expect([answer.status, answer.json().code]).toEqual([status, code]);
      expect(answer.json().detail).not.toBe('');
      expect((await ask(leader, 'GET', '/health/live')).status).toBe(200);
    });
  });

  describe('what a node tells of itself', () => {
    it('status has every field that the dashboard reads', async () => {
      const status = (await ask(leader, 'GET', '/status')).json();
      expect(status).toMatchObject({
        role: 'leader',
        leader: status.id,
        members: ['n1', 'n2', 'n3'],
        isolated: false,
        pid: process.pid,
        store: { state: 'open' },
        transport: { self: status.id },
        counters: { errors: expect.any(Number), forwarded: expect.any(Number) },
        latency: { write: { p50Ms: expect.any(Number) }, read: { p99Ms: expect.any(Number) } },
      });
      expect(Object.keys(status.peers as object)).toHaveLength(2);
      for (const field of [
        'term',
        'commitIndex',
        'appliedIndex',
        'firstIndex',
        'lastIndex',
        'uptimeMs',
      ]) {
        expect(status[field]).toEqual(expect.any(Number));
      }
    });

    it('metrics are what Prometheus reads', async () => {
      const { headers, text } = await ask(leader, 'GET', '/metrics');
      expect(headers['content-type']).toContain('text/plain');
      expect(text).toMatch(/^ds_raft_leader 1$/m);
      expect(text).toMatch(/^ds_kv_operations_total\{kind="writes"\} [1-9]/m);
      expect(text).toMatch(/^ds_kv_request_seconds_count\{kind="write"\} [1-9]/m);
    });

    it('ready says whether clients are served', async () => {
      expect(await ask(follower, 'GET', '/health/ready')).toMatchObject({ status: 200 });
    });
  });
}
