/**
 * Three etcd processes with their defaults, asked over their own gRPC, and over the JSON gateway
 * in front of it. It reads by ReadIndex alone: what is compared with our reads by lease is the same
 * as what is compared with our reads without.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runContender } from '../contender.ts';
import { figures } from './figures.ts';
import { bytesField, grpc, grpcRequest } from './grpc.ts';
import { http1 } from './http1.ts';
import { warmUp } from './load.ts';
import { freePorts, Servers } from './servers.ts';
import { type Interface, KEYS, requests, type Store, VALUE } from './store.ts';
import { putUntilAnswered } from './write-gap.ts';

const IDS = ['e1', 'e2', 'e3'];

const store = await open();
try {
  const version = /\d+\.\d+\.\d+/.exec(String(spawnSync('etcd', ['--version']).stdout))?.[0];
  await runContender(
    {
      name: 'etcd',
      version: version ?? 'unknown',
      configuration: '3 processes, gRPC without TLS (over HTTP: its JSON gateway), fsync on',
    },
    figures(store, store),
    { durationMs: 1_500 },
  );
} finally {
  await store.servers.stop();
}

async function open(): Promise<Store> {
  const servers = new Servers('etcd');
  const ports = await freePorts(6);
  const [clients, peers] = [ports.slice(0, 3), ports.slice(3)];
  const cluster = IDS.map((id, i) => `${id}=http://127.0.0.1:${peers[i]}`).join(',');
  servers.start(
    IDS.map((id, i) => {
      const client = `http://127.0.0.1:${clients[i]}`;
      const peer = `http://127.0.0.1:${peers[i]}`;
      return [
        'etcd',
        ...['--name', id, '--data-dir', join(servers.folder, id), '--log-level', 'error'],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
      ];
    }),
  );
  const store = { servers, native: native(clients), http: gateway(clients), leader };
  for (const port of clients) await putUntilAnswered(store, port);
  for (let i = 0; i < KEYS; i += 100) await fill(clients[0]!, i);
  await warmUp(store);
  return store;

  async function leader(): Promise<number | undefined> {
    const answers = await Promise.all(clients.map((port) => leads(port)));
    const place = answers.indexOf(true);
    return place < 0 ? undefined : place;
  }
}

function native(ports: readonly number[]): Interface {
  const put = (key: string): Buffer =>
    grpcRequest(
      '/etcdserverpb.KV/Put',
      Buffer.concat([bytesField(1, Buffer.from(key)), bytesField(2, VALUE)]),
    );
  // A range without `serializable` is linearizable.
  const get = (key: string): Buffer =>
    grpcRequest('/etcdserverpb.KV/Range', bytesField(1, Buffer.from(key)));
  return { ports, protocol: grpc, put: requests(put), get: requests(get) };
}

function gateway(ports: readonly number[]): Interface {
  const value = VALUE.toString('base64');
  return {
    ports,
    protocol: http1,
    put: requests((key) => post('/v3/kv/put', { key: base64(key), value })),
    get: requests((key) => post('/v3/kv/range', { key: base64(key) })),
  };
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

async function leads(port: number): Promise<boolean> {
  try {
    const status = (await ask(port, '/v3/maintenance/status', {})) as {
      header?: { member_id?: string };
      leader?: string;
    };
    return status.leader !== undefined && status.leader === status.header?.member_id;
  } catch {
    // Killed, or not yet started: it does not lead.
    return false;
  }
}

/** Every key exists before anything is read; etcd takes 128 operations in one transaction. */
async function fill(port: number, first: number): Promise<void> {
  const value = VALUE.toString('base64');
  const success = Array.from({ length: 100 }, (_, i) => ({
    requestPut: { key: base64(`key-${first + i}`), value },
  }));
  await ask(port, '/v3/kv/txn', { success });
}

async function ask(port: number, path: string, json: unknown): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body: JSON.stringify(json),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}
