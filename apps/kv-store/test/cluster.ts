/** Three nodes in this process, each with its own HTTP server: everything real but disks and wires. */
import { systemClock } from '@ds/clock';
import { MemoryFileSystem } from '@ds/storage/memory';
import { MemoryNetwork } from '@ds/transport/memory';
import { type HttpServer, type HttpServerOptions, openHttpServer } from '../src/http.ts';
import { IsolatingTransport } from '../src/isolating-transport.ts';
import type { KvNode } from '../src/kv-node.ts';
import { type OpenKvNodeOptions, openKvNode } from '../src/open-kv-node.ts';

export interface ClusterNode {
  readonly id: string;
  readonly node: KvNode;
  readonly http: HttpServer;
  readonly transport: IsolatingTransport;
}

export interface ClusterOptions {
  readonly http?: Partial<HttpServerOptions>;
  readonly limits?: OpenKvNodeOptions['limits'];
  readonly store?: OpenKvNodeOptions['store'];
}

export class Cluster implements AsyncDisposable {
  readonly nodes: ClusterNode[] = [];

  static async open({ http = {}, limits = {}, store = {} }: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster();
    const network = new MemoryNetwork();
    const members = ['n1', 'n2', 'n3'];
    for (const id of members) {
      const transport = new IsolatingTransport(network.join(id));
      const node = await openKvNode({
        self: id,
        members,
        clusterId: 'test',
        transport,
        clock: systemClock,
        fileSystem: new MemoryFileSystem(),
        directory: 'data',
        // Long enough that a machine busy with other tests does not look like a dead leader.
        raft: { electionTimeoutMs: 400, heartbeatIntervalMs: 40 },
        limits,
        store,
      });
      const server = await openHttpServer({
        ...http,
        node,
        clock: systemClock,
        port: 0,
        facts: () => ({ isolated: transport.isolated, pid: process.pid }),
      });
      cluster.nodes.push({ id, node, transport, http: server });
    }
    await cluster.leader();
    return cluster;
  }

  get urls(): string[] {
    return this.nodes.map(({ http }) => http.url);
  }

  /** The node that a majority takes for the leader; waits for it. */
  async leader(): Promise<ClusterNode> {
    for (;;) {
      const votes = this.nodes.map(({ node }) => node.status());
      const found = this.nodes.find(({ id, transport }) => {
        const followers = votes.filter(({ leader }) => leader === id);
        return !transport.isolated && followers.length * 2 > this.nodes.length;
      });
      if (found !== undefined && found.node.status().role === 'leader') return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async follower(): Promise<ClusterNode> {
    const { id } = await this.leader();
    return this.nodes.find((node) => node.id !== id)!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(({ http }) => http.close(100)));
    await Promise.all(this.nodes.map(({ node }) => node.close({ transfer: false })));
    await Promise.all(this.nodes.map(({ transport }) => transport.close()));
  }
}
