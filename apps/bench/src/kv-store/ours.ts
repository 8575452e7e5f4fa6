/** Three nodes of `apps/kv-store`, as its README starts them. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runContender } from '../contender.ts';
import { measurements, VALUE } from './load.ts';
import { freePorts, Processes } from './processes.ts';

const BENCH = fileURLToPath(import.meta.url).replace(/[/\\](dist|src)[/\\].*$/, '');
const SERVER = join(BENCH, '../kv-store/dist/server.js');
const IDS = ['n1', 'n2', 'n3'];

if (!existsSync(SERVER))
  throw new Error(`${SERVER} is not built: run npm run demo or npm test once`);
const processes = new Processes('ours');
const ports = await freePorts(6);
const [http, peers] = [ports.slice(0, 3), ports.slice(3)];
const key = join(processes.folder, 'key');
writeFileSync(key, 'a key that the three nodes share');
for (const [i, id] of IDS.entries()) {
  const others = IDS.flatMap((peer, j) =>
    i === j ? [] : ['--peer', `${peer}=ws://127.0.0.1:${peers[j]}`],
  );
  processes.start(process.execPath, [
    ...[SERVER, '--id', id, '--data', join(processes.folder, id), '--key-file', key],
    ...['--http', `127.0.0.1:${http[i]}`, '--listen', `127.0.0.1:${peers[i]}`, ...others],
  ]);
}
const head = 'HTTP/1.1\r\nHost: bench\r\n';
const put = (name: string): Buffer =>
  Buffer.from(`PUT /kv/${name} ${head}Content-Length: ${VALUE.length}\r\n\r\n${VALUE}`);
const get = (name: string): Buffer => Buffer.from(`GET /kv/${name} ${head}\r\n`);

try {
  await processes.ready(http, put('key-0'));
  for (let i = 0; i < 10_000; i += 1_000) await fill(i);
  await runContender(
    {
      name: 'apps/kv-store',
      version: 'workspace',
      configuration: '3 processes, HTTP/1.1 keep-alive, clients spread over the nodes, fsync on',
    },
    measurements({ ports: http, pids: processes.pids, put, get }),
  );
} finally {
  await processes.stop();
}

/** Every key exists before anything is read. */
async function fill(first: number): Promise<void> {
  const operations = Array.from({ length: 1_000 }, (_, i) => ({
    op: 'put',
    key: `key-${first + i}`,
    value: VALUE.toString(),
  }));
  const response = await fetch(`http://127.0.0.1:${http[0]}/kv`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ operations }),
  });
  if (!response.ok) throw new Error(await response.text());
}
