/**
 * Lets clients use a node over any transport, as http-handler.ts does over HTTP: the same
 * operations, limits and errors, at a fraction of the cost per request.
 *
 * Invariants: a command is read to its end before it is proposed, so nothing that the machine
 * could not read gets into the log from here; what a client sends can make its own request fail
 * and no other. Cost: one promise and one message per request beside what the node does.
 */
import type { Clock } from '@ds/clock';
import { Requests, type Transport } from '@ds/transport';
import { decodeCommand } from '../commands.ts';
import { KvError } from '../errors.ts';
import type { KvNode, ReadOptions } from '../kv-node.ts';
import {
  BINARY_CHANNEL,
  type BinaryRequest,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeFound,
  encodePage,
} from './protocol.ts';

export interface BinaryDoorOptions {
  readonly node: KvNode;
  /** Whose peers are clients: `openClientDoor` of @ds/transport-ws. Stays open. */
  readonly transport: Transport;
  readonly clock: Clock;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Requests being answered at one time; more are refused. @default 4_096 */
  readonly maxInFlight?: number;
}

/** Serves clients until the result is called. */
export function openBinaryDoor({
  node,
  transport,
  clock,
  random,
  maxInFlight = 4_096,
}: BinaryDoorOptions): () => void {
  const requests = new Requests<unknown, unknown>({
    transport,
    clock,
    name: BINARY_CHANNEL,
    decodeRequest,
    decodeResponse: decodeAnswer,
    maxServing: maxInFlight,
    ...(random && { random }),
  });
  requests.serve((_from, request) =>
    perform(node, request as BinaryRequest).then(
      (result) => encodeAnswer({ kind: 'result', result, leader: otherLeader(node) }),
      (error) => encodeAnswer({ kind: 'error', error: known(error) }),
    ),
  );
  return () => requests.close();
}

/** The leader, when it is another node. */
function otherLeader({ leader, self }: KvNode): string | undefined {
  return leader === self ? undefined : leader;
}

async function perform(node: KvNode, request: BinaryRequest): Promise<unknown> {
  switch (request.kind) {
    case 'get':
      return encodeFound(await node.get(request.key, readOptions(request)));
    case 'write':
      checkCommand(request.command);
      return node.write(request.command, { tag: request.tag });
    case 'session':
      return node.registerSession();
    case 'scan':
      return encodePage(await node.scan(request, readOptions(request)));
  }
}

function readOptions({ stale }: { readonly stale: boolean }): ReadOptions {
  return { consistency: stale ? 'stale' : 'linearizable' };
}

function checkCommand(command: Uint8Array): void {
  try {
    decodeCommand(command);
  } catch (cause) {
    const text = `the command cannot be read: ${(cause as Error).message}`;
    throw new KvError('KV_BAD_REQUEST', text, { cause });
  }
}

/** What is not a KvError is a defect; a client learns that there was one, the log learns which. */
function known(error: unknown): KvError {
  if (error instanceof KvError) return error;
  console.error('a request failed in a way it should not:', error);
  return new KvError('KV_FAILED', 'the server failed; see its log');
}
