/**
 * What happens to members, on diagnostics channels named `ds:raft:<event>`: free when nobody
 * listens, and absent where there are none, as in browsers. A bundle holds nothing of it, since
 * the module is asked for by name at run time.
 */
import type { NodeId } from '@ds/transport';
import type { Configuration } from '../members/configuration.ts';
import type { RaftRole } from './node.ts';

/** The messages by event; each names the member it is about. */
export interface RaftDiagnostics {
  /** Role, term or leader is another one. */
  readonly change: {
    readonly node: NodeId;
    readonly role: RaftRole;
    readonly term: number;
    readonly leader: NodeId | undefined;
  };
  /** Another configuration is in force, committed or not. */
  readonly members: {
    readonly node: NodeId;
    readonly configuration: Configuration;
    readonly index: number;
  };
  /** The machine has applied these entries. */
  readonly apply: {
    readonly node: NodeId;
    readonly firstIndex: number;
    readonly lastIndex: number;
  };
  /** The log starts after `index` now. */
  readonly compact: { readonly node: NodeId; readonly index: number };
  /** The machine was replaced by a leader's snapshot. */
  readonly restore: { readonly node: NodeId; readonly index: number };
  /** The member has stopped taking part. */
  readonly failure: { readonly node: NodeId; readonly error: unknown };
}

interface Channel<Message> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

interface Host {
  readonly process?: {
    getBuiltinModule?(name: string): { channel(name: string): Channel<unknown> } | undefined;
  };
}

const SILENT: Channel<unknown> = { hasSubscribers: false, publish: () => {} };

const module = (globalThis as Host).process?.getBuiltinModule?.('node:diagnostics_channel');

function channel<E extends keyof RaftDiagnostics>(event: E): Channel<RaftDiagnostics[E]> {
  return module?.channel(`ds:raft:${event}`) ?? SILENT;
}

/** Publish only where `hasSubscribers`, so that no message is made for nobody. */
export const diagnostics: {
  readonly [E in keyof RaftDiagnostics]: Channel<RaftDiagnostics[E]>;
} = {
  change: channel('change'),
  members: channel('members'),
  apply: channel('apply'),
  compact: channel('compact'),
  restore: channel('restore'),
  failure: channel('failure'),
};
