/**
 * What a message costs: CPU time of both sides together, two nodes in one process over loopback.
 *
 * `DS_SCALE=0.1` makes it shorter. 'echo' is the transport alone; 'Requests' adds deadlines,
 * cancellation and error reporting from `@ds/transport`.
 *
 * Prints one JSON document: for each row CPU us per operation, and operations per second.
 */
import { systemClock } from '@ds/clock';
import { type Channel, Requests } from '@ds/transport';
import { openWebSocketTransport, type WebSocketTransport } from '@ds/transport-ws';

interface Row {
  readonly name: string;
  readonly cpuUsPerOp: number;
  readonly opsPerSecond: number;
}

const key = crypto.getRandomValues(new Uint8Array(32));
const scale = Number(process.env.DS_SCALE ?? 1);
const asIs = (plain: unknown): unknown => plain;
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(65);

async function measured(
  name: string,
  ops: number,
  run: (ops: number) => Promise<void>,
): Promise<Row> {
  await run(Math.ceil(ops / 5));
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  await run(ops);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - wall) / 1_000;
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    name,
    cpuUsPerOp: round((user + system) / ops),
    opsPerSecond: Math.round(ops / seconds),
  };
}

async function connected(a: WebSocketTransport, b: WebSocketTransport): Promise<void> {
  for (const [node, other] of [
    [a, b.self],
    [b, a.self],
  ] as const) {
    if ([...node.peers()].includes(other)) continue;
    await new Promise<void>((resolve) => node.onPeer(() => resolve()));
  }
}

/** Questions and answers on a bare channel: what the transport itself costs. */
function echo(channel: Channel<unknown>, reply: Channel<unknown>, body: unknown, inFlight: number) {
  const waiting = new Map<number, () => void>();
  let sequence = 0;
  reply.onMessage((from, message) => void reply.send(from, message));
  channel.onMessage((_, message) => {
    const [id] = message as [number];
    const resolve = waiting.get(id);
    waiting.delete(id);
    resolve?.();
  });
  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      const id = sequence++;
      waiting.set(id, resolve);
      if (channel.send('b', [id, body]) !== 'queued') throw new Error('not queued');
    });
  return (ops: number) => together(ask, inFlight, ops);
}

async function together(ask: () => Promise<unknown>, inFlight: number, ops: number): Promise<void> {
  let left = ops;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await ask();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

/** As many messages as the link takes, waiting for room whenever it is full. */
function flood(channel: Channel<unknown>, receiver: Channel<unknown>, body: unknown) {
  let [expected, received] = [0, 0];
  let done = (): void => {};
  receiver.onMessage(() => ++received === expected && done());
  return (ops: number): Promise<void> =>
    new Promise((resolve) => {
      [expected, received, done] = [ops, 0, resolve];
      let sent = 0;
      const push = (): void => {
        // Bursts of 1,000 with input in between, as a program has that does other things too.
        for (let i = 0; i < 1_000 && sent < ops; i += 1) {
          if (channel.send('b', body) !== 'queued') return;
          sent += 1;
        }
        if (sent < ops) systemClock.setTimer(0, push);
        else stop();
      };
      const stop = channel.onDrain(push);
      push();
    });
}

const b = await openWebSocketTransport({
  self: 'b',
  listen: { port: 0 },
  peers: {},
  key,
  accept: () => true,
});
const a = await openWebSocketTransport({
  self: 'a',
  peers: { b: `ws://127.0.0.1:${b.port}` },
  key,
});
await connected(a, b);

const rows: Row[] = [];
for (const [size, body] of [
  ['100 B', bytes(100)],
  ['1 KiB', bytes(1_024)],
] as const) {
  for (const inFlight of [1, 64]) {
    const name = `${size} echo x${inFlight}`;
    const run = echo(a.channel(name, asIs), b.channel(name, asIs), body, inFlight);
    rows.push(await measured(name, (inFlight === 1 ? 10_000 : 200_000) * scale, run));
  }
  const name = `${size} one-way`;
  const run = flood(a.channel(name, asIs), b.channel(name, asIs), body);
  rows.push(await measured(name, 500_000 * scale, run));
}
for (const inFlight of [1, 64]) {
  const name = `100 B Requests x${inFlight}`;
  const options = { clock: systemClock, name, decodeRequest: asIs, decodeResponse: asIs };
  using asker = new Requests({ transport: a, ...options });
  using server = new Requests({ transport: b, ...options });
  server.serve((_, request) => request);
  const ask = (): Promise<unknown> => asker.request('b', bytes(100), { timeoutMs: 10_000 });
  const run = (ops: number): Promise<void> => together(ask, inFlight, ops);
  rows.push(await measured(name, (inFlight === 1 ? 10_000 : 200_000) * scale, run));
}
console.log(JSON.stringify({ package: '@ds/transport-ws', rows }, undefined, 2));
await Promise.all([a.close(), b.close()]);
