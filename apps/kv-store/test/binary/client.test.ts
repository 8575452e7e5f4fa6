/** The store through its binary client: three nodes in this process, every door a real one. */
import { systemClock } from '@ds/clock';
import { Requests } from '@ds/transport';
import { MemoryNetwork } from '@ds/transport/memory';
import { type ClientTransport, openClientDoor, openClientTransport } from '@ds/transport-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BinaryClient } from '../../src/binary/client.ts';
import { openBinaryDoor } from '../../src/binary/door.ts';
import { BINARY_CHANNEL, decodeAnswer, decodeRequest } from '../../src/binary/protocol.ts';
import { encodeCommand } from '../../src/commands.ts';
import { KvError } from '../../src/errors.ts';
import { Cluster } from '../cluster.ts';

const SECRET = 'a secret of the importer';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value && new TextDecoder().decode(value);

describe('the binary client', () => {
  let cluster: Cluster;
  let transport: ClientTransport;
  let client: BinaryClient;
  const ids = ['n1', 'n2', 'n3'];
  const closers: (() => Promise<void>)[] = [];
  const urls: Record<string, string> = {};

  beforeAll(async () => {
    cluster = await Cluster.open();
    for (const { id, node } of cluster.nodes) {
      const door = await openClientDoor({
        self: id,
        listen: { port: 0 },
        authenticate: (token) => (token === SECRET ? { id: 'importer' } : undefined),
      });
      const stop = openBinaryDoor({ node, transport: door, clock: systemClock });
      closers.push(async () => {
        stop();
        await door.close();
      });
      urls[id] = `ws://127.0.0.1:${door.port}`;
    }
    transport = openClientTransport({ self: 'importer/1', nodes: urls, token: SECRET });
    client = new BinaryClient({ nodes: ids, transport });
  });
  afterAll(async () => {
    await client.close();
    await transport.close();
    for (const close of closers) await close();
    await cluster[Symbol.asyncDispose]();
  });

  /** Asks one node, without any of the client's wisdom. */
  async function askOnly(node: string, request: readonly unknown[]): Promise<unknown> {
    const only = openClientTransport({ self: 'importer/2', nodes: urls, token: SECRET });
    const up = new Promise<void>((resolve) => {
      only.onPeer(({ kind, peer }) => {
        if (kind === 'up' && peer === node) resolve();
      });
    });
    const requests = new Requests<unknown, unknown>({
      transport: only,
      clock: systemClock,
      name: BINARY_CHANNEL,
      decodeRequest,
      decodeResponse: decodeAnswer,
    });
    try {
      await up;
      return await requests.request(node, request, { timeoutMs: 5_000 });
    } finally {
      requests.close();
      await only.close();
    }
  }

  it('reads what it wrote, whichever node it asked first', async () => {
    const { version } = await client.put(bytes('a'), bytes('1'));
    const read = await client.get(bytes('a'));
    expect([text(read?.value), read?.version]).toEqual(['1', version]);
    expect(await client.get(bytes('nowhere'))).toBeUndefined();
  });

  it('a stale read answers from a node that has seen the write', async () => {
    await client.put(bytes('stale'), bytes('x'));
    const read = await client.get(bytes('stale'), { consistency: 'stale' });
    expect(text(read?.value)).toBe('x');
  });

  it('compares and sets: what does not hold changes nothing and tells the version', async () => {
    const { version } = await client.put(bytes('counter'), bytes('1'));
    const condition = { type: 'version', version } as const;
    const next = await client.put(bytes('counter'), bytes('2'), { condition });
    expect(next.version).toBeGreaterThan(version);
    await expect(client.put(bytes('counter'), bytes('3'), { condition })).rejects.toMatchObject({
      code: 'KV_CONFLICT',
      currentVersion: next.version,
    });
    expect(text((await client.get(bytes('counter')))?.value)).toBe('2');
  });

  it('a batch takes effect whole or not at all', async () => {
    const { found } = await client.batch([
      { type: 'put', key: bytes('b/1'), value: bytes('1') },
      { type: 'check', key: bytes('b/2'), condition: { type: 'absent' } },
    ]);
    expect(found).toEqual(['unknown', 'absent']);
    const refused = client.batch([
      { type: 'delete', key: bytes('b/1') },
      { type: 'check', key: bytes('b/2'), condition: { type: 'exists' } },
    ]);
    await expect(refused).rejects.toMatchObject({ code: 'KV_CONFLICT', operation: 1 });
    expect(text((await client.get(bytes('b/1')))?.value)).toBe('1');
    expect(await client.delete(bytes('b/1'))).toEqual({ deleted: true });
    expect(await client.delete(bytes('b/1'))).toEqual({ deleted: false });
  });

  it('scans page after page, in the order of the keys', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `scan/${String(i).padStart(2, '0')}`);
    await Promise.all(names.map((name) => client.put(bytes(name), bytes(name))));
    const seen: (string | undefined)[] = [];
    for await (const { key } of client.scan({ prefix: bytes('scan/'), pageSize: 10 })) {
      seen.push(text(key));
    }
    expect(seen).toEqual(names);
  });

  it('many calls at one time all get their own answer', async () => {
    const values = Array.from({ length: 500 }, (_, i) => `${i}`);
    await Promise.all(values.map((value) => client.put(bytes(`many/${value}`), bytes(value))));
    const read = await Promise.all(values.map((value) => client.get(bytes(`many/${value}`))));
    expect(read.map((found) => text(found?.value))).toEqual(values);
  });

  it('what no client should send is refused with a code, and nothing else suffers', async () => {
    const { id } = await cluster.leader();
    const bad = await askOnly(id, [2, Uint8Array.of(1, 9, 9)]);
    expect(bad).toMatchObject({ kind: 'error', error: { code: 'KV_BAD_REQUEST' } });
    const empty = await askOnly(id, [1, new Uint8Array(0), false]);
    expect(empty).toMatchObject({ kind: 'error', error: { code: 'KV_BAD_REQUEST' } });
    await expect(askOnly(id, ['what?'])).rejects.toMatchObject({ code: 'REQUEST_REFUSED' });
    const node = cluster.nodes.find((each) => each.id === id)!.node;
    const long = new Uint8Array(node.maxCommandBytes);
    const tooLong = client.put(bytes('long'), long);
    await expect(tooLong).rejects.toMatchObject({ code: 'KV_TOO_LARGE' });
    const longer = client.put(bytes('long'), new Uint8Array(transport.maxMessageBytes));
    await expect(longer).rejects.toMatchObject({ code: 'KV_TOO_LARGE' });
    expect(await client.get(bytes('long'))).toBeUndefined();
  });

  it('a follower serves as well, and says who leads', async () => {
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const command = encodeCommand([{ type: 'put', key: bytes('via'), value: bytes('follower') }]);
    expect(await askOnly(follower.id, [2, command])).toMatchObject({ leader: leader.id });
    expect(await askOnly(leader.id, [2, command])).toMatchObject({ leader: undefined });
  });

  it('a write sent twice under one number is applied once', async () => {
    const { id } = await cluster.leader();
    const opened = (await askOnly(id, [3])) as { result: number };
    const command = encodeCommand([
      { type: 'put', key: bytes('once'), value: bytes('1'), condition: { type: 'absent' } },
    ]);
    const request = [2, command, opened.result, 1, 0];
    const first = await askOnly(id, request);
    expect(await askOnly((await cluster.follower()).id, request)).toMatchObject({
      result: (first as { result: Uint8Array }).result,
    });
  });

  it('a caller that aborts stops waiting', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(client.get(bytes('a'), { signal })).rejects.toBe(reason);
    await expect(client.put(bytes('a'), bytes('x'), { signal })).rejects.toBe(reason);
  });

  it('without a node in reach a write says that nothing was written', async () => {
    const alone = new MemoryNetwork().join('importer/9');
    const lost = new BinaryClient({ nodes: ['n1'], transport: alone, timeoutMs: 60 });
    await expect(lost.put(bytes('a'), bytes('1'))).rejects.toMatchObject({
      code: 'KV_UNREACHABLE',
    });
    await lost.close();
    await expect(lost.get(bytes('a'))).rejects.toBeInstanceOf(KvError);
    await alone.close();
  });
});
