/** The ceiling: a message to each of two others and one answer, what one turn gathers in one. */
import type { Channel } from '@ds/transport';
import { MemoryNetwork } from '@ds/transport/memory';
import { ownVersion, runContender } from '../contender.ts';
import { perSecond } from './load.ts';

type Message = readonly (number | Uint8Array)[];

const command = new Uint8Array(16);
const network = new MemoryNetwork();
const open = (id: string): Channel<Message> =>
  network.join(id).channel('bare', (plain) => plain as Message);
const leader = open('a');
for (const id of ['b', 'c']) {
  const follower = open(id);
  follower.onMessage((from, [last]) => follower.send(from, [last!]));
}

let sent = 0;
let answered = 0;
let flushDue = false;
let gathered: Uint8Array[] = [];
let waiting: (() => void)[] = [];
leader.onMessage((_from, [last]) => {
  for (; answered < (last as number); answered += 1)
    waiting[answered - (sent - waiting.length)]?.();
  waiting = waiting.slice(waiting.length - (sent - answered));
});

function flush(): void {
  flushDue = false;
  const message = [sent, ...gathered];
  gathered = [];
  for (const id of ['b', 'c']) leader.send(id, message);
}

function agree(): Promise<void> {
  return new Promise((resolve) => {
    sent += 1;
    gathered.push(command);
    waiting.push(resolve);
    if (flushDue) return;
    flushDue = true;
    queueMicrotask(flush);
  });
}

const agreed = (inFlight: number) => (durationMs: number) => perSecond(inFlight, durationMs, agree);

await runContender(
  {
    name: 'bare majority',
    version: ownVersion('@ds/transport'),
    configuration: 'three nodes, one thread, memory network; no log, no terms, no machine',
  },
  {
    '1 in flight': agreed(1),
    '64 in flight': agreed(64),
    '256 in flight': agreed(256),
    'linearizable reads, 256 in flight': agreed(256),
  },
  { warmUpMs: 1_000, durationMs: 2_000 },
);
