/** What a server is told at the start, by flags, by a file, or both; flags win. All of it checked. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ClientTokens } from './client-tokens.ts';
import type { EngineName } from './open-engine.ts';

export const SERVER_USAGE = `Runs one node of the key-value store.

Usage: node server.js --id NAME --data DIR --http HOST:PORT [options]

  --id NAME             this node's name in the cluster
  --data DIR            where its data lives; made when absent, used by one process at a time
  --http HOST:PORT      where clients ask, over HTTP
  --listen HOST:PORT    where other nodes connect (needed with --peer)
  --peer NAME=URL       another node and its address, as n2=ws://10.0.0.2:7201; once for each
  --key-file FILE       the secret all nodes share: 16 bytes or more (needed with --peer)
  --binary HOST:PORT    where clients ask, over WebSockets (needs --token-file)
  --token-file FILE     who may: a line of NAME SECRET for each, the secret 16 bytes or more
  --cluster NAME        the cluster's name, the same on all nodes; default ds-kv
  --election-timeout MS how long without a leader until an election; default 500
  --join                begin as no member: wait until the cluster adds this node
  --lease-reads         answer reads on the leader's clock, the same on all nodes; see the README
  --snapshot-entries N  cut the log when it holds so many entries; default 100000
  --engine lsm|btree    where the map is kept, fixed when a directory is first used; default lsm
  --config FILE         the same as JSON: { "id", "data", "http", "listen", "peers": { NAME: URL },
                        "keyFile", "binary", "tokenFile", "cluster", "electionTimeoutMs", "join",
                        "leaseReads", "snapshotEntries", "engine" }
  --supervised          take lines from standard input (isolate, rejoin), and stop when it ends
  --help                this text

A cluster of three on one machine:

  head -c 32 /dev/urandom | base64 > key
  node server.js --id n1 --data data/n1 --http 127.0.0.1:7101 --listen 127.0.0.1:7201 \\
    --peer n2=ws://127.0.0.1:7202 --peer n3=ws://127.0.0.1:7203 --key-file key
  (and so on for n2 and n3)

SIGTERM or Ctrl-C stops a node in good order. Exit codes: 0 stopped, 1 a defect, 2 wrong options,
3 a port is taken, 4 the data directory is in use, 5 the disk is full or broken, 6 the data is
damaged, or of another node, cluster or version.
`;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ServerOptions {
  readonly id: string;
  readonly data: string;
  readonly http: Address;
  readonly listen: Address | undefined;
  readonly peers: Readonly<Record<string, string>>;
  readonly key: Uint8Array | undefined;
  readonly binary: { readonly listen: Address; readonly tokens: ClientTokens } | undefined;
  readonly cluster: string;
  readonly electionTimeoutMs: number;
  readonly join: boolean;
  readonly leaseReads: boolean;
  readonly snapshotEntries: number;
  readonly engine: EngineName;
  readonly supervised: boolean;
}

/** Options that make no sense; the message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * `undefined` when help was asked for.
 * @throws {UsageError}
 */
export function parseServerOptions(args: readonly string[]): ServerOptions | undefined {
  const flags = readFlags(args);
  if (flags.help === true) return undefined;
  const file = flags.config === undefined ? {} : readConfig(flags.config);
  const id = text('id', flags.id ?? file.id);
  const peers = readPeers(flags.peer, file.peers);
  const listen = flags.listen ?? file.listen;
  const keyFile = flags['key-file'] ?? file.keyFile;
  const isCluster = Object.keys(peers).length > 0;
  if (peers[id] !== undefined)
    throw new UsageError(`--peer names the other nodes, and '${id}' is this one`);
  if (isCluster && listen === undefined) throw new UsageError('--listen is needed with --peer');
  if (isCluster && keyFile === undefined) throw new UsageError('--key-file is needed with --peer');
  return {
    id,
    data: resolve(text('data', flags.data ?? file.data)),
    http: address('http', flags.http ?? file.http),
    listen: listen === undefined ? undefined : address('listen', listen),
    peers,
    key: keyFile === undefined ? undefined : readKey(text('keyFile', keyFile)),
    binary: binary(flags.binary ?? file.binary, flags['token-file'] ?? file.tokenFile),
    cluster: text('cluster', flags.cluster ?? file.cluster ?? 'ds-kv'),
    electionTimeoutMs: number(
      'the election timeout in ms',
      flags['election-timeout'] ?? file.electionTimeoutMs ?? 500,
      { least: 10, most: 60_000 },
    ),
    join: yes('join', flags.join ?? file.join),
    leaseReads: yes('leaseReads', flags['lease-reads'] ?? file.leaseReads),
    snapshotEntries: number(
      'the number of entries until a snapshot',
      flags['snapshot-entries'] ?? file.snapshotEntries ?? 100_000,
      { least: 100, most: 100_000_000 },
    ),
    engine: engine(flags.engine ?? file.engine ?? 'lsm'),
    supervised: flags.supervised ?? false,
  };
}

const FLAGS = {
  id: { type: 'string' },
  data: { type: 'string' },
  http: { type: 'string' },
  listen: { type: 'string' },
  peer: { type: 'string', multiple: true },
  'key-file': { type: 'string' },
  binary: { type: 'string' },
  'token-file': { type: 'string' },
  cluster: { type: 'string' },
  'election-timeout': { type: 'string' },
  join: { type: 'boolean' },
  'lease-reads': { type: 'boolean' },
  'snapshot-entries': { type: 'string' },
  engine: { type: 'string' },
  config: { type: 'string' },
  supervised: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Flags = ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values'];

const CONFIG_FIELDS = [
  'id',
  'data',
  'http',
  'listen',
  'peers',
  'keyFile',
  'binary',
  'tokenFile',
  'cluster',
  'electionTimeoutMs',
  'join',
  'leaseReads',
  'snapshotEntries',
  'engine',
];

function readFlags(args: readonly string[]): Flags {
  try {
    return parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readConfig(path: string): Readonly<Record<string, unknown>> {
  const json = parseJson(path);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new UsageError(`${path} holds one JSON object`);
  }
  for (const name of Object.keys(json)) {
    if (!CONFIG_FIELDS.includes(name))
      throw new UsageError(`${path} has an unknown field '${name}'`);
  }
  return json as Record<string, unknown>;
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} is not JSON: ${(error as Error).message}`);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function readKey(path: string): Uint8Array {
  const key = Buffer.from(readText(path).trim(), 'utf8');
  if (key.length < 16) throw new UsageError(`${path} holds a key of 16 bytes or more`);
  return key;
}

function readPeers(flags: readonly string[] | undefined, file: unknown): Record<string, string> {
  const peers: Record<string, string> = {};
  for (const [id, url] of Object.entries((file as Record<string, unknown> | undefined) ?? {})) {
    peers[id] = text(`peers.${id}`, url);
  }
  for (const flag of flags ?? []) {
    const equals = flag.indexOf('=');
    if (equals < 1) throw new UsageError(`--peer is NAME=URL, got '${flag}'`);
    peers[flag.slice(0, equals)] = flag.slice(equals + 1);
  }
  for (const [id, url] of Object.entries(peers)) {
    if (!/^wss?:\/\//.test(url) || !URL.canParse(url)) {
      throw new UsageError(`the address of '${id}' is a ws:// URL, got '${url}'`);
    }
  }
  return peers;
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError(value === undefined ? `--${name} is needed` : `${name} is a text`);
}

function address(name: string, value: unknown): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text(name, value));
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new UsageError(`--${name} is HOST:PORT, got '${value}'`);
  return { host: (match[1] ?? match[2])!, port };
}

function engine(value: unknown): EngineName {
  if (value === 'lsm' || value === 'btree') return value;
  throw new UsageError(`the engine is lsm or btree, got '${value}'`);
}

function binary(listen: unknown, tokenFile: unknown): ServerOptions['binary'] {
  if (listen === undefined && tokenFile === undefined) return undefined;
  if (listen === undefined) throw new UsageError('--binary is needed with --token-file');
  if (tokenFile === undefined) throw new UsageError('--token-file is needed with --binary');
  const path = text('tokenFile', tokenFile);
  try {
    return { listen: address('binary', listen), tokens: new ClientTokens(readText(path)) };
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

function yes(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw new UsageError(`${name} is true or false`);
}

function number(
  what: string,
  value: unknown,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const number = Number(value);
  if (Number.isFinite(number) && number >= least && number <= most) return number;
  throw new UsageError(`${what} is ${least} to ${most}, got '${value}'`);
}
