/** HTTP/1.1 as a client that measures needs it: statuses, and where an answer ends. */
import type { Protocol } from './connection.ts';

const HEAD_END = '\r\n\r\n';

export function http1(): Protocol {
  return {
    greeting: [],
    greeted: () => ({ taken: 0, ready: true }),
    frame: (request) => request,
    answered: (bytes) => {
      const answer = bytes.toString('latin1');
      const status = statusOf(answer);
      if (status === undefined) return { taken: 0, complete: false };
      if (status >= 300) throw new Error(`a request was answered with ${status}`);
      return { taken: bytes.length, complete: true };
    },
  };
}

/** The status of a whole answer, `undefined` while a part of it is missing. */
function statusOf(answer: string): number | undefined {
  const head = answer.indexOf(HEAD_END);
  if (head < 0) return undefined;
  const status = Number(answer.slice(9, 12));
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head + 2));
  if (length !== null) return answer.length >= head + 4 + Number(length[1]) ? status : undefined;
  const isChunked = /\r\ntransfer-encoding: chunked/i.test(answer.slice(0, head + 2));
  return !isChunked || answer.endsWith('0\r\n\r\n') ? status : undefined;
}
