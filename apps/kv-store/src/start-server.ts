/**
 * A node on this operating system: its lock, its sockets, its files, in the order in which they
 * are taken and given back. What was taken is given back as well when a later step fails.
 */
import { randomBytes } from 'node:crypto';
import { systemClock } from '@ds/clock';
import type { Lock } from '@ds/storage';
import { nodeFileSystem } from '@ds/storage/node';
import type { Transport } from '@ds/transport';
import { MemoryNetwork } from '@ds/transport/memory';
import { type ClientDoor, openClientDoor, openWebSocketTransport } from '@ds/transport-ws';
import { openBinaryDoor } from './binary/door.ts';
import { type HttpServer, openHttpServer } from './http.ts';
import { IsolatingTransport } from './isolating-transport.ts';
import type { KvNode } from './kv-node.ts';
import { openKvNode } from './open-kv-node.ts';
import type { Address, ServerOptions } from './server-options.ts';

export interface RunningServer {
  readonly url: string;
  /** Where binary clients connect, if they may. */
  readonly binaryUrl: string | undefined;
  /** A phrase about where other nodes connect; empty for a node on its own. */
  readonly peerAddress: string;
  /** Why this node no longer takes part, if so. */
  readonly failure: string | undefined;
  /** Drops all messages from and to other nodes. */
  isolate(): void;
  rejoin(): void;
  /** Answers what is under way, hands leadership over, gives everything back. */
  close(options?: { readonly transfer?: boolean }): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const fileSystem = nodeFileSystem();
  fileSystem.mkdir(options.data);
  const lock: Lock = fileSystem.lock(`${options.data}/lock`);
  const opened: (() => Promise<void> | void)[] = [() => lock.release()];
  try {
    const transport = new IsolatingTransport(await openTransport(options));
    opened.push(() => transport.close());
    const node = await openKvNode({
      self: options.id,
      members: options.join ? [] : [options.id, ...Object.keys(options.peers)].sort(),
      clusterId: options.cluster,
      transport,
      clock: systemClock,
      fileSystem,
      directory: options.data,
      store: { engine: options.engine },
      raft: {
        electionTimeoutMs: options.electionTimeoutMs,
        heartbeatIntervalMs: Math.min(50, options.electionTimeoutMs / 5),
        leaseReads: options.leaseReads,
        snapshotEveryEntries: options.snapshotEntries,
        compactionTailEntries: Math.min(10_000, Math.floor(options.snapshotEntries / 2)),
      },
    });
    opened.push(() => node.close());
    const clients = await openClients(options, node);
    if (clients !== undefined) opened.push(() => clients.close());
    const http = await openHttpServer({
      node,
      clock: systemClock,
      ...options.http,
      facts: () => ({ isolated: transport.isolated, pid: process.pid }),
    });
    return running(options, { lock, transport, node, clients, http });
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

interface Parts {
  readonly lock: Lock;
  readonly transport: IsolatingTransport;
  readonly node: KvNode;
  readonly clients: ClientDoor | undefined;
  readonly http: HttpServer;
}

function running({ listen, binary }: ServerOptions, parts: Parts): RunningServer {
  const { lock, transport, node, clients, http } = parts;
  let closing: Promise<void> | undefined;
  const close = async (transfer: boolean): Promise<void> => {
    // New connections are refused first; what is under way is answered while leadership moves.
    const httpClosed = http.close();
    await node.close({ transfer });
    await httpClosed;
    await clients?.close();
    await transport.close();
    lock.release();
  };
  return {
    url: http.url,
    binaryUrl: binary === undefined ? undefined : `ws://${shown(binary.listen, clients?.port)}`,
    peerAddress: listen === undefined ? '' : `nodes at ${shown(listen)}, `,
    get failure() {
      return node.failure;
    },
    isolate: () => transport.isolate(),
    rejoin: () => transport.rejoin(),
    close: ({ transfer = true } = {}) => {
      closing ??= close(transfer);
      return closing;
    },
  };
}

async function openTransport({ id, listen, peers, key }: ServerOptions): Promise<Transport> {
  // A node on its own has nobody to talk to, and should not open a port for it.
  if (listen === undefined) return new MemoryNetwork().join(id);
  return openWebSocketTransport({
    self: id,
    listen,
    peers,
    key: key ?? randomBytes(32),
    // Whoever holds the key may connect; who is a member is for the log to say.
    accept: () => true,
  });
}

/** One program may open many connections, so its identity does not limit them. */
const MAX_CLIENTS = 4_096;
/** And may open them all at once, after a node's restart. */
const MAX_HANDSHAKES = 1_024;

async function openClients(
  { id, binary }: ServerOptions,
  node: KvNode,
): Promise<ClientDoor | undefined> {
  if (binary === undefined) return undefined;
  const { listen, tokens } = binary;
  const door = await openClientDoor({
    self: id,
    listen,
    authenticate: (token) => {
      const owner = tokens.ownerOf(token);
      return owner === undefined ? undefined : { id: owner };
    },
    maxClients: MAX_CLIENTS,
    maxPerIdentity: MAX_CLIENTS,
    maxHandshakes: MAX_HANDSHAKES,
  });
  openBinaryDoor({ node, transport: door, clock: systemClock });
  return door;
}

function shown({ host, port }: Address, bound: number = port): string {
  return `${host.includes(':') ? `[${host}]` : host}:${bound}`;
}
