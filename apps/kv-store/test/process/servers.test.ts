import { createServer } from 'node:net';
import { join } from 'node:path';
import { nodeFileSystem } from '@ds/storage/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KvClient } from '../../src/client.ts';
import { Program } from './programs.ts';
import { ThreeServers } from './three-servers.ts';

let servers: ThreeServers;
beforeAll(async () => {
  servers = await ThreeServers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

describe('three processes with data on disk', () => {
  it('lose no acknowledged write when the leader is killed, again and again', {
    timeout: 60_000,
  }, async () => {
    await using client = new KvClient({ endpoints: servers.endpoints, timeoutMs: 30_000 });
    const acknowledged = new Map<string, string>();
    let stopping = false;
    const write = async (worker: number): Promise<void> => {
      for (let i = 0; !stopping; i += 1) {
        const key = `w${worker}/${i}`;
        await client.put(key, `value of ${key}`);
        acknowledged.set(key, `value of ${key}`);
      }
    };
    const writers = [0, 1, 2, 3, 4, 5, 6, 7].map(write);
    const moreThan = async (count: number): Promise<void> => {
      while (acknowledged.size < count) await client.get('anything');
    };
    for (let round = 1; round <= 2; round += 1) {
      await moreThan(acknowledged.size + 100);
      const leader = await servers.leader();
      await servers.kill(leader, 'SIGKILL');
      await moreThan(acknowledged.size + 100);
      await servers.start(leader);
    }
    stopping = true;
    await Promise.all(writers);
    const found = new Map<string, string>();
    for await (const { key, value } of client.scan({ prefix: 'w' })) {
      found.set(Buffer.from(key).toString(), Buffer.from(value).toString());
    }
    const lost = [...acknowledged].filter(([key, value]) => found.get(key) !== value);
    expect(lost).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(400);
    // Each node's own state, once it has caught up.
    for (const endpoint of servers.endpoints) {
      await using own = new KvClient({ endpoints: [endpoint] });
      for (;;) {
        const entries = [];
        for await (const entry of own.scan({ prefix: 'w', consistency: 'stale' }))
          entries.push(entry);
        if (entries.length === found.size) break;
      }
    }
  });

  it('SIGTERM hands leadership over and leaves no lock behind', async () => {
    const leader = await servers.leader();
    const { code, error } = await servers.kill(leader, 'SIGTERM');
    expect([code, error]).toEqual([0, '']);
    // The lock's files stay; that nobody holds it shows by taking it.
    nodeFileSystem()
      .lock(join(servers.dataOf(leader), 'lock'))
      .release();
    await using client = new KvClient({ endpoints: servers.endpoints });
    expect(await client.get('w0/0')).toBeDefined();
    await servers.start(leader);
  });

  it('a node that is cut off by its supervisor comes back by it', async () => {
    const leader = await servers.leader();
    await servers.kill(leader, 'SIGTERM');
    const program = await servers.start(leader, ['--supervised']);
    const endpoint = servers.endpoints[servers.ids.indexOf(leader)]!;
    await using own = new KvClient({ endpoints: [endpoint], timeoutMs: 20_000 });
    const isolated = async (expected: boolean): Promise<void> => {
      for (;;) {
        const [status] = await own.status();
        if (!(status instanceof Error) && status?.isolated === expected) return;
      }
    };
    await isolated(false);
    program.child.stdin!.write('isolate\n');
    await isolated(true);
    program.child.stdin!.write('rejoin\n');
    await isolated(false);
    expect(await own.get('w0/0')).toBeDefined();
    // The end of its supervisor is the end of the node, in good order.
    program.child.stdin!.end();
    expect(await program.ended).toMatchObject({ code: 0, error: '' });
    await servers.start(leader);
  });

  it('what keeps a server from starting is told in one sentence', async () => {
    const run = (args: readonly string[]) => new Program('server', args).ended;
    const args = servers.argsOf('n1');
    const inUse = await run(args);
    expect(inUse.code).toBe(4);
    expect(inUse.error).toMatch(/^The data directory is in use by another process: .*\.\n$/);

    const elsewhere = join(servers.directory, 'elsewhere');
    const own = args.map((arg) => (arg === servers.dataOf('n1') ? elsewhere : arg));
    const taken = await run(own);
    expect(taken.code).toBe(3);
    expect(taken.error).toMatch(/^Port \d+ of 127\.0\.0\.1 is taken: .*\.\n$/);

    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const alone = ['--id', 'solo', '--data', elsewhere];
    const httpTaken = await run([...alone, '--http', `127.0.0.1:${port}`]);
    expect([httpTaken.code, httpTaken.error]).toEqual([
      3,
      `Port ${port} of 127.0.0.1 is taken: stop what listens there, or choose another port.\n`,
    ]);
    server.close();

    const stranger = await run([...alone.slice(2), '--id', 'other', '--http', '127.0.0.1:0']);
    expect(stranger.code).toBe(6);
    expect(stranger.error).toMatch(/^The data belongs to another node or cluster/);

    const wrong = await run(['--id', 'n1']);
    expect([wrong.code, wrong.error]).toEqual([2, '--data is needed.\nTry --help.\n']);
    expect((await run(['--help'])).out).toContain('Exit codes');
  });
});
