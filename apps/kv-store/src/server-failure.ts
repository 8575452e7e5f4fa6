/** Why a node cannot run, as one sentence for whoever started it, and as an exit code. */
import { RaftError } from '@ds/raft';
import { StorageError } from '@ds/storage';
import { WebSocketTransportError } from '@ds/transport-ws';
import { UsageError } from './server-options.ts';

export interface Explanation {
  readonly sentence: string;
  readonly exitCode: number;
}

/** What is not known here is a defect, and keeps its stack. */
export function explainFailure(error: unknown): Explanation {
  if (error instanceof UsageError) return { sentence: `${error.message}.`, exitCode: 2 };
  if (error instanceof StorageError) return explainStorage(error);
  if (error instanceof RaftError) return explainRaft(error);
  if (error instanceof WebSocketTransportError) {
    return { sentence: `${capitalized(error.message)}.`, exitCode: 3 };
  }
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  switch (code) {
    case 'EADDRINUSE':
      return {
        sentence: `Port ${port} of ${address} is taken: stop what listens there, or choose another port.`,
        exitCode: 3,
      };
    case 'EACCES':
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      if (port === undefined) break;
      return {
        sentence: `This process may not or cannot listen on ${address}:${port} (${code}).`,
        exitCode: 3,
      };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { sentence: stack, exitCode: 1 };
}

function explainStorage(error: StorageError): Explanation {
  const { code, path, message } = error;
  const where = path === undefined ? '' : ` (${path})`;
  switch (code) {
    case 'STORAGE_LOCKED':
      return {
        sentence: `The data directory is in use by another process: ${message}.`,
        exitCode: 4,
      };
    case 'STORAGE_FULL':
      return {
        sentence: `The disk is full${where}: free some space and start again.`,
        exitCode: 5,
      };
    case 'STORAGE_CORRUPT':
    case 'STORAGE_FORMAT':
      return {
        sentence: `The data is damaged or of another version${where}: ${message}.`,
        exitCode: 6,
      };
    default:
      return { sentence: `The disk does not work as it should${where}: ${message}.`, exitCode: 5 };
  }
}

function explainRaft(error: RaftError): Explanation {
  const { code, path, message, cause } = error;
  const where = path === undefined ? '' : ` (${path})`;
  switch (code) {
    case 'RAFT_WRONG_IDENTITY':
      return {
        sentence: `The data belongs to another node or cluster${where}: ${message}.`,
        exitCode: 6,
      };
    case 'RAFT_CORRUPT':
    case 'RAFT_FORMAT':
      return {
        sentence: `The log is damaged or of another version${where}: ${message}.`,
        exitCode: 6,
      };
    default:
      if (cause instanceof StorageError) return explainStorage(cause);
      return { sentence: `The log cannot be used${where}: ${message}.`, exitCode: 5 };
  }
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
