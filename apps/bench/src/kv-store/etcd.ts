/** Three etcd processes with their defaults, asked through the JSON gateway of their gRPC. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runContender } from '../contender.ts';
import { measurements, VALUE } from './load.ts';
import { freePorts, Processes } from './processes.ts';

const IDS = ['e1', 'e2', 'e3'];
const processes = new Processes('etcd');
const ports = await freePorts(6);
const [clients, peers] = [ports.slice(0, 3), ports.slice(3)];
const cluster = IDS.map((id, i) => `${id}=http://127.0.0.1:${peers[i]}`).join(',');
for (const [i, id] of IDS.entries()) {
  const client = `http://127.0.0.1:${clients[i]}`;
  const peer = `http://127.0.0.1:${peers[i]}`;
  processes.start('etcd', [
    ...['--name', id, '--data-dir', join(processes.folder, id), '--log-level', 'error'],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
  ]);
}
const value = VALUE.toString('base64');
const put = (name: string): Buffer => post('/v3/kv/put', { key: base64(name), value });
// A range without `serializable` is linearizable.
const get = (name: string): Buffer => post('/v3/kv/range', { key: base64(name) });

try {
  await processes.ready(clients, put('key-0'));
  for (let i = 0; i < 10_000; i += 100) await fill(i);
  const version = /\d+\.\d+\.\d+/.exec(String(spawnSync('etcd', ['--version']).stdout))?.[0];
  await runContender(
    {
      name: 'etcd',
      version: version ?? 'unknown',
      configuration:
        '3 processes, JSON gateway over HTTP/1.1, clients spread over the nodes, fsync on',
    },
    measurements({ ports: clients, pids: processes.pids, put, get }),
  );
} finally {
  await processes.stop();
}

function post(path: string, json: unknown): Buffer {
  const body = JSON.stringify(json);
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Every key exists before anything is read; etcd takes 128 operations in one transaction. */
async function fill(first: number): Promise<void> {
  const success = Array.from({ length: 100 }, (_, i) => ({
    requestPut: { key: base64(`key-${first + i}`), value },
  }));
  const response = await fetch(`http://127.0.0.1:${clients[0]}/v3/kv/txn`, {
    method: 'POST',
    body: JSON.stringify({ success }),
  });
  if (!response.ok) throw new Error(await response.text());
}
