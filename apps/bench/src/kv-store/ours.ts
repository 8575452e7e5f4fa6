/** Three nodes of `apps/kv-store`, as its README starts them; and three more with read leases. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runContender } from '../contender.ts';
import { figures } from './figures.ts';
import { http1 } from './http1.ts';
import { warmUp } from './load.ts';
import { freePorts, Servers } from './servers.ts';
import { type Interface, KEYS, requests, type Store, VALUE } from './store.ts';
import { websocket, websocketRequest } from './websocket.ts';
import { putUntilAnswered } from './write-gap.ts';

const BENCH = fileURLToPath(import.meta.url).replace(/[/\\](dist|src)[/\\].*$/, '');
const SERVER = join(BENCH, '../kv-store/dist/server.js');
const IDS = ['n1', 'n2', 'n3'];
const CLIENT = { name: 'bench', secret: 'a-token-that-the-clients-have' };
const HEAD = 'HTTP/1.1\r\nHost: bench\r\n';

if (!existsSync(SERVER))
  throw new Error(`${SERVER} is not built: run npm run demo or npm test once`);
const leased = await open(['--lease-reads']);
leased.servers.pause();
const plain = await open([]);
try {
  await runContender(
    {
      name: 'apps/kv-store',
      version: 'workspace',
      configuration: '3 processes, its binary protocol over WebSockets, fsync on',
    },
    figures(plain, leased),
    { durationMs: 1_500 },
  );
} finally {
  await plain.servers.stop();
  await leased.servers.stop();
}

async function open(flags: readonly string[]): Promise<Store> {
  const servers = new Servers('ours');
  const ports = await freePorts(9);
  const [binary, http, peers] = [ports.slice(0, 3), ports.slice(3, 6), ports.slice(6)];
  const [key, tokens] = [join(servers.folder, 'key'), join(servers.folder, 'tokens')];
  writeFileSync(key, 'a key that the three nodes share');
  writeFileSync(tokens, `${CLIENT.name} ${CLIENT.secret}\n`);
  servers.start(
    IDS.map((id, i) => [
      process.execPath,
      ...[SERVER, '--id', id, '--data', join(servers.folder, id), '--key-file', key],
      ...['--http', `127.0.0.1:${http[i]}`, '--listen', `127.0.0.1:${peers[i]}`, ...flags],
      ...['--binary', `127.0.0.1:${binary[i]}`, '--token-file', tokens],
      ...IDS.flatMap((peer, j) =>
        i === j ? [] : ['--peer', `${peer}=ws://127.0.0.1:${peers[j]}`],
      ),
    ]),
  );
  const store = { servers, native: native(binary), http: overHttp(http), leader };
  for (const port of binary) await putUntilAnswered(store, port);
  for (let i = 0; i < KEYS; i += 1_000) await fill(http[0]!, i);
  await warmUp(store);
  return store;

  async function leader(): Promise<number | undefined> {
    const answers = await Promise.all(http.map((port) => role(port)));
    const place = answers.indexOf('leader');
    return place < 0 ? undefined : place;
  }
}

function native(ports: readonly number[]): Interface {
  // Connections tell themselves apart by what follows their name.
  let opened = 0;
  return {
    ports,
    protocol: () => websocket({ ...CLIENT, name: `${CLIENT.name}/${opened++}` }),
    put: requests((key) => websocketRequest([2, putCommand(Buffer.from(key))])),
    get: requests((key) => websocketRequest([1, Buffer.from(key), false])),
  };
}

/** A batch of one unconditional put, as apps/kv-store/src/commands.ts draws it. */
function putCommand(key: Buffer): Buffer {
  const length = [(VALUE.length & 0x7f) | 0x80, VALUE.length >> 7];
  return Buffer.concat([Buffer.from([1, 1, 1, key.length]), key, Buffer.from(length), VALUE]);
}

function overHttp(ports: readonly number[]): Interface {
  const put = (key: string): Buffer =>
    Buffer.from(`PUT /kv/${key} ${HEAD}Content-Length: ${VALUE.length}\r\n\r\n${VALUE}`);
  const get = (key: string): Buffer => Buffer.from(`GET /kv/${key} ${HEAD}\r\n`);
  return { ports, protocol: http1, put: requests(put), get: requests(get) };
}

async function role(port: number): Promise<unknown> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/status`);
    return ((await response.json()) as { role?: unknown }).role;
  } catch {
    // Killed, or not yet started: it does not lead.
    return undefined;
  }
}

/** Every key exists before anything is read. */
async function fill(port: number, first: number): Promise<void> {
  const operations = Array.from({ length: 1_000 }, (_, i) => ({
    op: 'put',
    key: `key-${first + i}`,
    value: VALUE.toString(),
  }));
  const response = await fetch(`http://127.0.0.1:${port}/kv`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ operations }),
  });
  if (!response.ok) throw new Error(await response.text());
}
