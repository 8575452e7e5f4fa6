/** The judge is judged: every way in which a node could hold something else must be seen. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type ReadableCluster, readBack, type Verdict } from '../../src/demo/read-back.ts';
import type { NodeView } from '../../src/demo/state.ts';

const records = [
  { key: 'city/AD/000000', value: 'Vila' },
  { key: 'city/AD/000001', value: 'El Tarter' },
  { key: 'city/FR/000002', value: 'Lyon' },
];
const held: [string, string][] = records.map(({ key, value }) => [key, value]);
const live: [string, string][] = [['live/0/1', '7']];

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A node that answers scans with the given entries, in the given order, two to a page. */
async function node(cities: readonly [string, string][], keys = live): Promise<string> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://node');
    expect(searchParams.get('consistency')).toBe('stale');
    const all = searchParams.get('prefix') === 'city/' ? cities : keys;
    const from = Number(searchParams.get('from') ?? 0);
    const entries = all.slice(from, from + 2).map(([key, value]) => ({ key, value, version: 1 }));
    searchParams.set('from', String(from + 2));
    const next = from + 2 < all.length ? `/kv?${searchParams}` : null;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ entries, next }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function judge(...urls: string[]): Promise<Verdict> {
  const cluster: ReadableCluster = {
    ids: urls.map((_, index) => `n${index + 1}`),
    view: (id) => {
      const httpUrl = urls[Number(id.slice(1)) - 1]!;
      return { id, state: 'running', httpUrl, status: { appliedIndex: 10 } } as NodeView;
    },
    freshCommitIndex: async () => 10,
    async waitUntil(condition) {
      expect(condition()).toBe(true);
    },
  };
  return readBack({
    cluster,
    dataSet: { name: 'cities', licence: 'none', prefix: 'city/', records },
    livePrefix: 'live/',
    live: new Map([['live/0/1', 7]]),
    onRecord: () => {},
    onNode: () => {},
    signal: new AbortController().signal,
  });
}

describe('reading back', () => {
  it('finds nothing to complain about where every node holds every record', async () => {
    expect(await judge(await node(held), await node(held))).toEqual({ lost: 0, wrong: 0 });
  });

  it('sees a record that one node of several does not hold', async () => {
    expect(await judge(await node(held), await node(held.slice(1)))).toEqual({ lost: 1, wrong: 0 });
  });

  it('sees a node that holds nothing', async () => {
    expect(await judge(await node([], []))).toEqual({ lost: 4, wrong: 0 });
  });

  it('sees a record with another value', async () => {
    const changed = held.with(1, ['city/AD/000001', 'El  Tarter']);
    expect(await judge(await node(changed))).toEqual({ lost: 0, wrong: 1 });
  });

  it('sees a record that nobody wrote', async () => {
    const more: [string, string][] = [...held, ['city/ZZ/999999', 'Atlantis']];
    expect(await judge(await node(more))).toEqual({ lost: 0, wrong: 1 });
  });

  it('is not deceived by a scan that repeats one record in place of another', async () => {
    const repeated = held.with(1, held[0]!);
    expect(await judge(await node(repeated))).toEqual({ lost: 1, wrong: 1 });
  });

  it('sees an acknowledged live put that was lost, and one that was undone', async () => {
    expect(await judge(await node(held, []))).toEqual({ lost: 1, wrong: 0 });
    expect(await judge(await node(held, [['live/0/1', '6']]))).toEqual({ lost: 0, wrong: 1 });
  });

  it('accepts a live value later than the last acknowledged one', async () => {
    expect(await judge(await node(held, [['live/0/1', '8']]))).toEqual({ lost: 0, wrong: 0 });
  });
});
