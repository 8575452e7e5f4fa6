/** Three members in one process. */
import { openMemoryCluster } from '@ds/raft/memory';
import { ownVersion, runContender } from '../contender.ts';
import { perSecond } from './load.ts';

const NOTHING = new Uint8Array(0);
const command = new Uint8Array(16);

const cluster = await openMemoryCluster({ apply: () => NOTHING });
const leader = await cluster.leader();
await leader.propose(command);

const commits = (inFlight: number) => (durationMs: number) =>
  perSecond(inFlight, durationMs, () => leader.propose(command));

await runContender(
  {
    name: '@ds/raft',
    version: ownVersion('@ds/raft'),
    configuration: 'three members, one thread, memory network, memory logs, 16-byte commands',
  },
  {
    '1 in flight': commits(1),
    '64 in flight': commits(64),
    '256 in flight': commits(256),
    'linearizable reads, 256 in flight': (durationMs) =>
      perSecond(256, durationMs, () => leader.readIndex()),
  },
  { warmUpMs: 1_000, durationMs: 2_000 },
);
await cluster.close();
