/** Binary clients, and members that come and go, with real processes, sockets and disks. */
import { join } from 'node:path';
import { openClientTransport } from '@ds/transport-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBinaryClient } from '../../src/binary/client.ts';
import { KvClient } from '../../src/client.ts';
import { dskv, freePorts, Program } from './programs.ts';
import { ThreeServers } from './three-servers.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

let servers: ThreeServers;
beforeAll(async () => {
  servers = await ThreeServers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

describe('three processes with doors for binary clients', () => {
  it('lose no write that was acknowledged over them when the leader is killed', {
    timeout: 60_000,
  }, async () => {
    await using client = openBinaryClient({
      nodes: servers.doors,
      name: 'test/1',
      token: ThreeServers.token,
    });
    const acknowledged = new Set<string>();
    let stopping = false;
    const write = async (worker: number): Promise<void> => {
      for (let i = 0; !stopping; i += 1) {
        const key = `b${worker}/${i}`;
        await client.put(bytes(key), bytes(`value of ${key}`));
        acknowledged.add(key);
      }
    };
    const writers = [0, 1, 2, 3].map(write);
    const moreThan = async (count: number): Promise<void> => {
      while (acknowledged.size < count) await client.get(bytes('anything'));
    };
    await moreThan(100);
    const leader = await servers.leader();
    await servers.kill(leader, 'SIGKILL');
    await moreThan(acknowledged.size + 100);
    stopping = true;
    await Promise.all(writers);
    await servers.start(leader);
    const found = new Set<string>();
    for await (const { key, value } of client.scan({ prefix: bytes('b') })) {
      const name = Buffer.from(key).toString();
      expect(Buffer.from(value).toString()).toBe(`value of ${name}`);
      found.add(name);
    }
    expect([...acknowledged].filter((key) => !found.has(key))).toEqual([]);
  });

  it('let nobody in whose token they do not know', async () => {
    const stranger = openClientTransport({
      self: 'test/2',
      nodes: servers.doors,
      token: 'not-the-token-of-the-test',
      backoff: { initialMs: 5, maxMs: 20 },
    });
    const problems = (): (string | undefined)[] =>
      Object.values(stranger.status().links).map(({ problem }) => problem);
    while (!problems().every((problem) => problem === 'wrong-token')) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([...stranger.peers()]).toEqual([]);
    await stranger.close();
  });
});

describe('a cluster whose members change', () => {
  it('takes an empty node in by a snapshot, and goes on without one that is removed', {
    timeout: 60_000,
  }, async () => {
    await using client = new KvClient({ endpoints: servers.endpoints });
    for (let i = 0; i < 300; i += 1) await client.put(`m/${i}`, `${i}`);
    const [http, door] = await freePorts(2);
    const data = join(servers.directory, 'n4');
    const own = ['--id', 'n4', '--data', data, '--http', `127.0.0.1:${http}`];
    const args = [...own, '--listen', `127.0.0.1:${door}`, '--join', ...servers.peerArgs];
    const added = new Program('server', args);
    try {
      await added.says('n4 is ready');
      const endpoints = ['--endpoints', servers.endpoints.join(',')];
      const joined = await dskv([...endpoints, 'add-node', 'n4']);
      expect(joined).toMatchObject({ code: 0, error: '' });
      expect(joined.out).toMatch(/^n4 +votes$/m);
      const endpoint = `http://127.0.0.1:${http}`;
      await using fresh = new KvClient({ endpoints: [endpoint] });
      const [status] = await fresh.status();
      expect(status).toMatchObject({ id: 'n4', voters: ['n1', 'n2', 'n3', 'n4'] });
      expect(status).toMatchObject({ snapshotsInstalled: 1 });
      expect((await fresh.get('m/299'))?.value.toString()).toBe('299');

      const leader = await servers.leader();
      const removed = servers.ids.find((id) => id !== leader)!;
      const left = await dskv([...endpoints, 'remove-node', removed]);
      expect(left.out).not.toContain(removed);
      await servers.kill(removed, 'SIGKILL');
      await client.put('after', 'all');
      expect((await fresh.get('after'))?.value.toString()).toBe('all');
      await expect(client.changeMember(removed, 'removed')).resolves.toMatchObject({
        voters: ['n1', 'n2', 'n3', 'n4'].filter((id) => id !== removed),
      });
    } finally {
      await added.kill('SIGKILL');
    }
  });
});
