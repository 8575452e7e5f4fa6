/** The hybrid clock of Actual: one for the whole process, with a node's name in each timestamp. */
import { peer, peerVersion, runContender } from '../contender.ts';
import { rateOf } from './load.ts';

interface Timestamp {
  counter(): number;
}

interface Library {
  readonly Timestamp: {
    new (millis: number, counter: number, node: string): Timestamp;
    send(): Timestamp | null;
    recv(message: Timestamp): Timestamp | null;
  };
  makeClock(timestamp: Timestamp): object;
  setClock(clock: object): void;
}

const { Timestamp, makeClock, setClock } = await peer<Library>('@actual-app/crdt');
const started = new Timestamp(0, 0, '0123456789abcdef');
setClock(makeClock(started));
const remote = new Timestamp(Date.now(), 0, 'fedcba9876543210');

await runContender(
  {
    name: '@actual-app/crdt',
    version: peerVersion('@actual-app/crdt'),
    configuration: 'Timestamp.send and Timestamp.recv, one clock for the process',
  },
  {
    'a. hybrid timestamp, real clock': rateOf(() => Timestamp.send()?.counter() ?? 0),
    'b. hybrid receipt, real clock': rateOf(() => Timestamp.recv(remote)?.counter() ?? 0),
  },
);
