/**
 * The binary interface of apps/kv-store as a client that measures needs it: the handshake of
 * @ds/transport-ws (its client-handshake.ts draws it), then one request at a time under one id.
 *
 * Frames are masked with zeros, which leaves their bytes as they are.
 *
 * Source: RFC 6455, 5.2.
 */
import { randomBytes } from 'node:crypto';
import type { Protocol } from './connection.ts';
import { encodePlain } from './message-pack.ts';

const BINARY_FRAME = 0x82;
const CLOSE_FRAME = 0x88;
const ID = 'b';
const CHANNEL = 'kv-client';
const TIMEOUT_MS = 10_000;
const MAGIC = 'DSWC\u0001';
/** A response to `ID` that is a result: `[1, 'b', [0, ...`. */
const RESULT = Buffer.from([0x93, 0x01, 0xa1, ID.charCodeAt(0), 0x93, 0x00]);

export function websocket({ name, secret }: { name: string; secret: string }): Protocol {
  let step: 'upgrade' | 'challenge' | 'welcome' = 'upgrade';
  let isFirst = true;
  return {
    greeting: [
      Buffer.from(
        'GET / HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}` +
          '\r\n\r\n',
      ),
    ],
    greeted: (bytes, write) => {
      if (step === 'upgrade') {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return { taken: 0, ready: false };
        if (!bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101 ')) {
          throw new Error('the server speaks no WebSocket');
        }
        const hello = [Buffer.from(`${MAGIC}\u0001`), randomBytes(16), Buffer.from(name)];
        write(masked(Buffer.concat(hello)));
        step = 'challenge';
        return { taken: end + 4, ready: false };
      }
      let ready = false;
      const taken = eachFrame(bytes, () => {
        if (step === 'challenge') write(masked(Buffer.from(`${MAGIC}\u0003${secret}`)));
        ready = step === 'welcome';
        step = 'welcome';
      });
      return { taken, ready };
    },
    frame: (request) => {
      // A channel travels as its name once, and as its number from then on.
      if (!isFirst) return request;
      isFirst = false;
      const message = request.subarray(request.length - messageBytes(request));
      return masked(
        Buffer.concat([Buffer.from([0xd9, CHANNEL.length]), Buffer.from(CHANNEL), message]),
      );
    },
    answered: (bytes) => {
      let complete = false;
      const taken = eachFrame(bytes, (body) => {
        // An empty frame only says that the node is there.
        if (body.length === 0) return;
        const message = body.subarray(body[0] === 0xd9 ? 2 + body[1]! : 1);
        if (!message.subarray(0, RESULT.length).equals(RESULT)) {
          throw new Error(`a request was answered with ${body.toString('latin1')}`);
        }
        complete = true;
      });
      return { taken, complete };
    },
  };
}

/** A request on the numbered channel, ready to be sent. */
export function websocketRequest(body: readonly unknown[]): Buffer {
  const message = encodePlain([0, ID, TIMEOUT_MS, body]);
  return masked(Buffer.concat([Buffer.from([0]), message]));
}

/** Of a whole frame, what follows the channel's number. */
function messageBytes(frame: Buffer): number {
  const length = frame[1]! & 0x7f;
  return (length === 126 ? frame.readUInt16BE(2) : length) - 1;
}

function masked(body: Buffer): Buffer {
  if (body.length > 0xffff) throw new RangeError('longer than a measurement needs');
  const head =
    body.length < 126
      ? [BINARY_FRAME, 0x80 | body.length]
      : [BINARY_FRAME, 0x80 | 126, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body]);
}

/** Passes on the bodies of the whole frames in `bytes`; returns how many bytes they are. */
function eachFrame(bytes: Buffer, take: (body: Buffer) => void): number {
  let at = 0;
  while (bytes.length - at >= 2) {
    if (bytes[at] === CLOSE_FRAME) throw new Error('the server closed the connection');
    const short = bytes[at + 1]! & 0x7f;
    if (short === 127) throw new RangeError('longer than a measurement needs');
    if (short === 126 && bytes.length - at < 4) break;
    const start = at + (short === 126 ? 4 : 2);
    const end = start + (short === 126 ? bytes.readUInt16BE(at + 2) : short);
    if (bytes.length < end) break;
    take(bytes.subarray(start, end));
    at = end;
  }
  return at;
}
