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
import { openWebSocketTransport } from '@ds/transport-ws';
import { type HttpServer, openHttpServer } from './http.ts';
import { IsolatingTransport } from './isolating-transport.ts';
import type { KvNode } from './kv-node.ts';
import { openKvNode } from './open-kv-node.ts';
import type { ServerOptions } from './server-options.ts';

export interface RunningServer {
  readonly url: string;
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
      members: [options.id, ...Object.keys(options.peers)].sort(),
      clusterId: options.cluster,
      transport,
      clock: systemClock,
      fileSystem,
      directory: options.data,
      store: { engine: options.engine },
      raft: {
        electionTimeoutMs: options.electionTimeoutMs,
        heartbeatIntervalMs: Math.min(50, options.electionTimeoutMs / 5),
      },
    });
    opened.push(() => node.close());
    const http = await openHttpServer({
      node,
      clock: systemClock,
      ...options.http,
      facts: () => ({ isolated: transport.isolated, pid: process.pid }),
    });
    return running(options, { lock, transport, node, http });
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

interface Parts {
  readonly lock: Lock;
  readonly transport: IsolatingTransport;
  readonly node: KvNode;
  readonly http: HttpServer;
}

function running({ listen }: ServerOptions, { lock, transport, node, http }: Parts): RunningServer {
  let closing: Promise<void> | undefined;
  const close = async (transfer: boolean): Promise<void> => {
    // New connections are refused first; what is under way is answered while leadership moves.
    const httpClosed = http.close();
    await node.close({ transfer });
    await httpClosed;
    await transport.close();
    lock.release();
  };
  return {
    url: http.url,
    peerAddress: listen === undefined ? '' : `nodes at ${listen.host}:${listen.port}, `,
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
  });
}
