/**
 * What HTTP is in a server, a channel is in the simulation: a client's requests reach a node over
 * the same lossy, doubling, reordering network as everything else.
 */
import type { NodeEnvironment } from '@ds/sim';
import { Requests } from '@ds/transport';
import type { KvNode } from '../../src/kv-node.ts';

/** `[session, sequence, acknowledged]` */
export type Tag = readonly [number, number, number];

export type DoorRequest =
  | readonly ['get', key: string]
  | readonly ['put', key: string, value: string, version: number | null, tag: Tag]
  | readonly ['delete', key: string, version: number | null, tag: Tag]
  | readonly ['session']
  | readonly ['dump'];

export function openRequests({
  transport,
  clock,
  random,
}: NodeEnvironment): Requests<DoorRequest, unknown> {
  return new Requests<DoorRequest, unknown>({
    transport,
    clock,
    random,
    name: 'client',
    // Both ends are this test: the decoders under test are those of the channels `kv` and `raft`.
    decodeRequest: (plain) => plain as DoorRequest,
    decodeResponse: (plain) => plain,
  });
}

/** Serves clients until the node's life ends. What a node throws reaches them by its code. */
export function openDoor(environment: NodeEnvironment, node: KvNode): void {
  openRequests(environment).serve((_from, request) => answer(node, request));
}

async function answer(node: KvNode, request: DoorRequest): Promise<unknown> {
  switch (request[0]) {
    case 'get': {
      const found = await node.get(Buffer.from(request[1]));
      return found === undefined ? null : [text(found.value), found.version];
    }
    case 'put': {
      const [, key, value, version, tag] = request;
      const options = { tag: tagOf(tag), condition: conditionOf(version) };
      return (await node.put(Buffer.from(key), Buffer.from(value), options)).version;
    }
    case 'delete': {
      const [, key, version, tag] = request;
      const options = { tag: tagOf(tag), condition: conditionOf(version) };
      return (await node.delete(Buffer.from(key), options)).version;
    }
    case 'session':
      return node.registerSession();
    case 'dump': {
      const page = await node.scan({ limit: 1_000 }, { consistency: 'stale' });
      return page.entries.map(({ key, value, version }) => [text(key), text(value), version]);
    }
  }
}

function tagOf([session, sequence, acknowledged]: Tag) {
  return { session, sequence, acknowledged };
}

function conditionOf(version: number | null) {
  return version === null ? undefined : { type: 'version' as const, version };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
