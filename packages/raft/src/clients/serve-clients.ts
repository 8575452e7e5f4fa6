/** Lets clients on the transport use a member: the other end of client.ts. */
import type { Clock } from '@ds/clock';
import { Requests, type Transport } from '@ds/transport';
import type { RaftNode } from '../driver/node.ts';
import { RaftError } from '../errors.ts';
import {
  type ClientRequest,
  type ClientResponse,
  decodeRequest,
  decodeResponse,
  encodeResponse,
} from './client-protocol.ts';

/** The channel of clients and members that serve them. */
export const CLIENT_CHANNEL = 'raft-client';

export interface ServeClientsOptions {
  readonly node: RaftNode;
  readonly transport: Transport;
  readonly clock: Clock;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Answers a client's query from the local machine, which shows all it has to. */
  readonly query: (query: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** @default 'raft-client' */
  readonly channelName?: string;
  /** Requests being worked on at one time; more are refused. @default 4096 */
  readonly maxServing?: number;
}

/** Serves until the result is called. Whoever may use the transport may use the member. */
export function serveClients(options: ServeClientsOptions): () => void {
  const { node, transport, clock, random, query, maxServing = 4096 } = options;
  const requests = new Requests<unknown, unknown>({
    transport,
    clock,
    name: options.channelName ?? CLIENT_CHANNEL,
    decodeRequest,
    decodeResponse,
    maxServing,
    ...(random && { random }),
  });
  requests.serve(async (_from, request, { signal }) =>
    encodeResponse(await answer(node, query, request as ClientRequest, signal)),
  );
  return () => requests.close();
}

async function answer(
  node: RaftNode,
  query: ServeClientsOptions['query'],
  request: ClientRequest,
  signal: AbortSignal,
): Promise<ClientResponse> {
  try {
    switch (request.kind) {
      case 'register':
        return { kind: 'session', session: await node.registerSession({ signal }) };
      case 'propose': {
        const { command, tag } = request;
        return { kind: 'result', result: await node.propose(command, { tag, signal }) };
      }
      case 'query':
        await node.readIndex({ signal, maxStalenessMs: request.maxStalenessMs });
        return { kind: 'result', result: await query(request.query) };
    }
  } catch (error) {
    const response = error instanceof RaftError ? refusal(error) : undefined;
    if (response === undefined) throw error;
    return response;
  }
}

function refusal({ code, leaderHint }: RaftError): ClientResponse | undefined {
  switch (code) {
    case 'RAFT_NOT_LEADER':
      return { kind: 'not-leader', leader: leaderHint };
    case 'RAFT_UNCERTAIN':
      return { kind: 'uncertain' };
    case 'RAFT_OVERLOADED':
      return { kind: 'overloaded' };
    case 'RAFT_SESSION_EXPIRED':
      return { kind: 'expired' };
    default:
      return undefined;
  }
}
