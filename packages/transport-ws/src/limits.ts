/** The limits that a node, a door for clients and a client have alike, and what makes no sense. */
import { checkNodeId, type NodeId } from '@ds/transport';
import { MAX_CHANNEL_BYTES } from './frame-writer.ts';

const MIN_FRAME_BYTES = 131_072;

export interface FrameLimits {
  readonly heartbeatMs: number;
  readonly deadAfterMs: number;
  readonly maxMessageBytes: number;
  readonly maxFrameBytes: number;
  readonly maxQueuedBytes: number;
}

/**
 * The same with `maxFrameBytes` filled in.
 * @throws {RangeError} naming the limit that makes no sense.
 */
export function checkFrameLimits({
  maxFrameBytes: given,
  ...others
}: Omit<FrameLimits, 'maxFrameBytes'> & {
  readonly maxFrameBytes: number | undefined;
}): FrameLimits {
  const { heartbeatMs, deadAfterMs, maxMessageBytes, maxQueuedBytes } = others;
  const maxFrameBytes = given ?? Math.max(MIN_FRAME_BYTES, maxMessageBytes + MAX_CHANNEL_BYTES);
  const limits = { ...others, maxFrameBytes };
  checkPositive(limits);
  demand(deadAfterMs >= 2 * heartbeatMs, 'deadAfterMs is at least two heartbeats');
  demand(maxQueuedBytes >= maxMessageBytes, 'maxQueuedBytes holds a message of maxMessageBytes');
  const slab = Math.max(MIN_FRAME_BYTES / 2, maxMessageBytes + MAX_CHANNEL_BYTES);
  demand(maxFrameBytes >= slab, `maxFrameBytes is at least ${slab} with this maxMessageBytes`);
  return limits;
}

/** @throws {RangeError} naming the first that is not a positive number below 2^31. */
export function checkPositive(limits: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    demand(
      value > 0 && value <= 2 ** 31 - 1,
      `${name} is positive and less than 2^31, got ${value}`,
    );
  }
}

/** @throws {RangeError} unless it is a name with an address to dial. */
export function checkPeer(id: NodeId, url: string): void {
  checkNodeId(id);
  if (!URL.canParse(url) || !['ws:', 'wss:'].includes(new URL(url).protocol)) {
    throw new RangeError(`the address of '${id}' is a ws:// or wss:// URL, got ${url}`);
  }
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new RangeError(what);
}
