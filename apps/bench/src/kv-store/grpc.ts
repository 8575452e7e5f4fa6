/**
 * gRPC over HTTP/2 without TLS as a client that measures needs it: one unary call at a time on one
 * connection. Headers are written as literals that change no table (RFC 7541, 6.2.2), so a request
 * is the same bytes each time but for the number of its stream; those of answers are not read. A
 * call that failed is told by what it lacks: its answer has no message.
 *
 * Source: RFC 9113; the protocol of gRPC over HTTP/2, grpc/grpc, doc/PROTOCOL-HTTP2.md.
 */
import type { Protocol } from './connection.ts';

const HEAD_BYTES = 9;
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const ACK = 1;
const END_STREAM = 1;
const END_HEADERS = 4;
const MAX_WINDOW = 2 ** 31 - 1;
const INITIAL_WINDOW_SIZE = 4;

export function grpc(): Protocol {
  let stream = -1;
  let hasMessage = false;
  return {
    greeting: [
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
      frame(SETTINGS, 0, 0, Buffer.from([0, INITIAL_WINDOW_SIZE, ...uint32(MAX_WINDOW)])),
      frame(WINDOW_UPDATE, 0, 0, Buffer.from(uint32(MAX_WINDOW - 65_535))),
    ],
    greeted: (bytes, write) => {
      let ready = false;
      const taken = eachFrame(bytes, (type, flags, _stream, body) => {
        answerControl(type, flags, body, write);
        if (type === SETTINGS && flags !== ACK) ready = true;
      });
      return { taken, ready };
    },
    frame: (request) => {
      stream += 2;
      hasMessage = false;
      const bytes = Buffer.from(request);
      // The headers' frame, and after it the data's.
      bytes.writeUInt32BE(stream, 5);
      bytes.writeUInt32BE(stream, HEAD_BYTES + bytes.readUIntBE(0, 3) + 5);
      return bytes;
    },
    answered: (bytes, write) => {
      let complete = false;
      const taken = eachFrame(bytes, (type, flags, of, body) => {
        answerControl(type, flags, body, write);
        if (of !== stream) return;
        if (type === RST_STREAM) throw new Error('a call was reset');
        if (type === DATA && body.length > 0) hasMessage = true;
        if ((type === DATA || type === HEADERS) && flags & END_STREAM) complete = true;
      });
      if (complete && !hasMessage) throw new Error('a call was answered with an error');
      return { taken, complete };
    },
  };
}

/** A unary call of `path`, as `/etcdserverpb.KV/Put`; its stream's number is filled in later. */
export function grpcRequest(path: string, message: Buffer): Buffer {
  const headers = Buffer.concat([
    // :method POST and :scheme http, of the static table.
    Buffer.from([0x83, 0x86]),
    Buffer.from([0x04]),
    literal(path),
    Buffer.from([0x01]),
    literal('bench'),
    // content-type is entry 31 of the static table: 15 in the prefix, and 16.
    Buffer.from([0x0f, 0x10]),
    literal('application/grpc'),
    Buffer.from([0x00]),
    literal('te'),
    literal('trailers'),
  ]);
  const body = Buffer.concat([Buffer.from([0, ...uint32(message.length)]), message]);
  return Buffer.concat([frame(HEADERS, END_HEADERS, 0, headers), frame(DATA, END_STREAM, 0, body)]);
}

/** A field of bytes in the encoding of Protocol Buffers. */
export function bytesField(number: number, value: Buffer): Buffer {
  const length =
    value.length < 0x80 ? [value.length] : [(value.length & 0x7f) | 0x80, value.length >> 7];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), value]);
}

function literal(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

function frame(type: number, flags: number, stream: number, body: Buffer): Buffer {
  const head = Buffer.from([0, 0, 0, type, flags, ...uint32(stream)]);
  head.writeUIntBE(body.length, 0, 3);
  return Buffer.concat([head, body]);
}

function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** Passes on the whole frames in `bytes`; returns how many bytes they are. */
function eachFrame(
  bytes: Buffer,
  take: (type: number, flags: number, stream: number, body: Buffer) => void,
): number {
  let at = 0;
  while (bytes.length - at >= HEAD_BYTES) {
    const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3);
    if (bytes.length < end) break;
    const stream = bytes.readUInt32BE(at + 5) & MAX_WINDOW;
    take(bytes[at + 3]!, bytes[at + 4]!, stream, bytes.subarray(at + HEAD_BYTES, end));
    at = end;
  }
  return at;
}

function answerControl(
  type: number,
  flags: number,
  body: Buffer,
  write: (bytes: Buffer) => void,
): void {
  if (type === GOAWAY) throw new Error('the server went away');
  if (type === SETTINGS && flags !== ACK) write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
  if (type === PING && flags !== ACK) write(frame(PING, ACK, 0, Buffer.from(body)));
}
