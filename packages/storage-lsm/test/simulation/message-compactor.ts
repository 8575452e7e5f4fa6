/**
 * Merging as a message exchange: a store whose compactor is another node. Jobs and events travel as
 * messages that are late, lost, doubled and out of order, and the node that merges dies.
 */
import { type NodeEnvironment, World } from '@ds/sim';
import { alteredFileSystem, alteredFiles } from '@ds/sim/engines';
import type { FileSystem } from '@ds/storage';
import { SAFE_DECISIONS, type SafetyDecisions } from '../../src/decisions.ts';
import {
  answerJob,
  type CompactionJob,
  type Compactor,
  type CompactorEvent,
  type LsmStore,
} from '../../src/index.ts';
import { openWithDecisions } from '../../src/open.ts';
import { TINY } from '../tiny.ts';

type Message = CompactionJob | CompactorEvent;

export interface StoreNode {
  readonly store: LsmStore;
  readonly isDown: boolean;
}

/** A world of two nodes, `store` and `worker`, whose network is bad until it is made good. */
export function makeWorld(seed: number, decisions: SafetyDecisions = SAFE_DECISIONS): World {
  const world = new World({
    seed,
    network: {
      loss: 0.1,
      duplicate: 0.3,
      reorder: 0.3,
      delay: { minMs: 0.1, meanMs: 20, maxMs: 600 },
    },
  });
  let disk: FileSystem | undefined;
  world.addNode('worker', ({ transport, boot }) => {
    const channel = transport.channel('merge', decode);
    const isAlive = (): boolean => {
      const worker = world.node('worker');
      return worker.boot === boot && worker.state === 'running';
    };
    channel.onMessage((from, message) => {
      if (disk === undefined || 'type' in message) return;
      const report = (event: CompactorEvent): void => {
        if (isAlive()) channel.send(from, event);
      };
      void answerJob(message, { fileSystem: mortal(disk, isAlive), sliceBytes: 2048, report });
    });
  });
  world.addNode('store', async (environment): Promise<LsmStore> => {
    disk = environment.fileSystem;
    return openWithDecisions(
      {
        ...TINY,
        directory: 'data/store',
        fileSystem: environment.fileSystem,
        compactor: messageCompactor(environment),
        compactorPatienceMs: 400,
      },
      decisions,
    );
  });
  return world;
}

function messageCompactor({ transport, clock }: NodeEnvironment): Compactor {
  const channel = transport.channel('merge', decode);
  return {
    clock,
    listen(listener) {
      channel.onMessage((_, message) => {
        if ('type' in message) listener(message);
      });
    },
    run(job) {
      channel.send('worker', job);
    },
    cancel() {
      // Nobody is told: what the worker makes comes too late.
    },
    close: async () => {},
  };
}

/** The engine itself has to check what it hears; the channel only hands it on. */
function decode(plain: unknown): Message {
  return plain as Message;
}

/** Nothing that waits for the disk goes on in a worker that has died. */
function mortal(inner: FileSystem, isAlive: () => boolean): FileSystem {
  const unlessDead = async (synced: Promise<void>): Promise<void> => {
    await synced;
    if (!isAlive()) await new Promise(() => {});
  };
  const files = alteredFiles(inner, (file) => ({ datasync: () => unlessDead(file.datasync()) }));
  return alteredFileSystem(files, {
    syncDirectory: (directory) => unlessDead(inner.syncDirectory(directory)),
  });
}
