/** One node of the demo: its process, where it is asked, and what is known of it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NodeProcess } from './node-process.ts';
import type { NodeState, NodeStatus } from './state.ts';
import { SyncCount } from './sync-count.ts';

/**
 * Logs are cut often, so that a demo of half a minute has what a year of writes would bring: a node
 * that comes late, or was away for long, is sent a snapshot.
 */
const SNAPSHOT_ENTRIES = 400;

export interface Member {
  readonly id: string;
  readonly httpUrl: string;
  /** Where other nodes connect. */
  readonly doorUrl: string;
  readonly directory: string;
  readonly process: NodeProcess;
  readonly syncs: SyncCount | undefined;
  state: NodeState;
  status: NodeStatus | undefined;
  /** The commit index to reach before the node counts as caught up after a restart. */
  catchUp: { readonly to: number; readonly from: number; readonly sinceMs: number } | undefined;
  /** Commands to this node wait for each other here. */
  turn: Promise<unknown>;
}

export interface MemberPlace {
  readonly id: string;
  readonly httpPort: number;
  readonly doorPort: number;
}

export interface MemberOptions {
  /** Holds a directory for each node. */
  readonly directory: string;
  /** The server's program, `dist/server.js`. */
  readonly serverFile: string;
  readonly keyFile: string;
  /** Counts the node's fsync and fdatasync calls from outside, with strace. @default false */
  readonly countSyncs?: boolean;
  /** Called when a node that had started ends by itself. */
  readonly onExit: (member: Member, how: string) => void;
}

/**
 * A node that is not started yet. With `join` it begins as no member of any cluster; else `others`
 * and itself are one.
 */
export function createMember(
  { id, httpPort, doorPort }: MemberPlace,
  others: readonly Pick<Member, 'id' | 'doorUrl'>[],
  join: boolean,
  options: MemberOptions,
): Member {
  const directory = makeDirectory(options.directory, id);
  const door = `127.0.0.1:${doorPort}`;
  const args = [
    options.serverFile,
    ...['--id', id, '--data', directory, '--http', `127.0.0.1:${httpPort}`, '--listen', door],
    ...others.flatMap((other) => ['--peer', `${other.id}=${other.doorUrl}`]),
    ...['--cluster', 'demo', '--key-file', options.keyFile, '--supervised'],
    ...['--snapshot-entries', String(SNAPSHOT_ENTRIES), ...(join ? ['--join'] : [])],
  ];
  const syncs = options.countSyncs ? new SyncCount(options.directory, id) : undefined;
  const member: Member = {
    id,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    doorUrl: `ws://${door}`,
    directory,
    process: new NodeProcess({
      args,
      command: process.execPath,
      ...(syncs === undefined ? {} : { wrap: (argv) => syncs.wrap(argv) }),
      onUnexpectedExit: (how) => options.onExit(member, how),
    }),
    syncs,
    state: 'starting',
    status: undefined,
    catchUp: undefined,
    turn: Promise.resolve(),
  };
  return member;
}

function makeDirectory(parent: string, id: string): string {
  const directory = join(parent, id);
  mkdirSync(directory, { recursive: true });
  return directory;
}
