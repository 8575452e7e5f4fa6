/** Two plain TCP sockets: each message is its length, a number to match answers by, and its bytes. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { runContender } from '../contender.ts';
import { type Ends, measurements, PAYLOAD } from './load.ts';

const HEADER_BYTES = 8;
const ONE_WAY = 0;

const listener = createServer({ noDelay: true }).listen(0, '127.0.0.1');
await once(listener, 'listening');
const client = connect((listener.address() as AddressInfo).port, '127.0.0.1').setNoDelay(true);
const [server] = (await once(listener, 'connection')) as [Socket];

await runContender(
  {
    name: 'raw TCP',
    version: process.version,
    configuration: 'node:net without delay; a length and a number before each message',
  },
  measurements(ends()),
);
client.destroy();
server.destroy();
listener.close();

function ends(): Ends {
  const waiting = new Map<number, () => void>();
  let nextId = 1;
  let received = 0;
  onFrames(server, (id, payload) => {
    if (id === ONE_WAY) received += 1;
    else server.write(frame(id, payload));
  });
  onFrames(client, (id) => {
    waiting.get(id)?.();
    waiting.delete(id);
  });
  let writable = true;
  client.on('drain', () => {
    writable = true;
  });
  return {
    rpc: () =>
      new Promise((resolve) => {
        const id = nextId++;
        waiting.set(id, resolve);
        client.write(frame(id, PAYLOAD));
      }),
    send: () => {
      if (writable) writable = client.write(frame(ONE_WAY, PAYLOAD));
      else return false;
      return true;
    },
    drained: async () => {
      if (!writable) await once(client, 'drain');
    },
    received: () => received,
  };
}

function frame(id: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUInt32LE(payload.length, 0);
  bytes.writeUInt32LE(id, 4);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

function onFrames(socket: Socket, handle: (id: number, payload: Uint8Array) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (at + HEADER_BYTES <= bytes.length) {
      const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      handle(bytes.readUInt32LE(at + 4), bytes.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    rest = bytes.subarray(at);
  });
}
