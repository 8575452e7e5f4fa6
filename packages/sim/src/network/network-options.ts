/** How the network behaves: set for a run, and changeable while it runs, as a whole or by link. */

import { checkProbability } from '../kernel/random.ts';
import { checkLatency, type Latency } from './latency.ts';

/** What may differ from one direction between two nodes to another. */
export interface LinkOptions {
  /** How long a message travels. @default exponential: 0.5, 1, 10 */
  readonly delay: Latency;
  /** The probability that a message is lost. @default 0 */
  readonly loss: number;
  /** The probability that a message arrives twice. @default 0 */
  readonly duplicate: number;
  /**
   * The probability that a message travels twice as long and outside the order of the others.
   * Above 0, messages of a connection that is gone may arrive as well. @default 0
   */
  readonly reorder: number;
  /**
   * How many bytes leave in a ms. A message travels once it has left, and leaves once those before
   * it have. @default Infinity
   */
  readonly bytesPerMs: number;
  /** What one direction holds, waiting and under way, before it is full. @default 4 MiB */
  readonly maxQueuedBytes: number;
  /**
   * What a full direction does with one more message: `'saturate'` refuses it, so that `send`
   * answers `'saturated'`; `'drop'` takes it and loses it, as a router does. @default 'saturate'
   */
  readonly whenFull: 'saturate' | 'drop';
}

export interface NetworkOptions extends LinkOptions {
  /** The largest message. @default 1 MiB */
  readonly maxMessageBytes: number;
  /**
   * How long it takes until two nodes that can reach one another are connected. @default 0.5, 2, 20
   */
  readonly connect: Latency;
  /** How long it takes until a silent node is noticed. @default 20, 200, 1000 */
  readonly detect: Latency;
}

const DEFAULTS: NetworkOptions = {
  delay: { minMs: 0.5, meanMs: 1, maxMs: 10 },
  loss: 0,
  duplicate: 0,
  reorder: 0,
  bytesPerMs: Number.POSITIVE_INFINITY,
  maxQueuedBytes: 4 * 2 ** 20,
  whenFull: 'saturate',
  maxMessageBytes: 2 ** 20,
  connect: { minMs: 0.5, meanMs: 2, maxMs: 20 },
  detect: { minMs: 20, meanMs: 200, maxMs: 1_000 },
};

const OF_NETWORK: readonly string[] = ['maxMessageBytes', 'connect', 'detect'];

/** @throws {RangeError} for a setting out of its range. */
export function resolveNetworkOptions(
  partial: Partial<NetworkOptions>,
  base: NetworkOptions = DEFAULTS,
): NetworkOptions {
  const options = { ...base };
  for (const [name, value] of Object.entries(partial)) {
    if (!(name in base)) throw new RangeError(`there is no network setting '${name}'`);
    if (value !== undefined) Object.assign(options, { [name]: value });
  }
  for (const name of ['delay', 'connect', 'detect'] as const) {
    checkLatency(`network.${name}`, options[name]);
  }
  for (const name of ['loss', 'duplicate', 'reorder'] as const) {
    checkProbability(`network.${name}`, options[name]);
  }
  const { maxMessageBytes, maxQueuedBytes, bytesPerMs, whenFull } = options;
  if (!(maxMessageBytes > 0 && maxQueuedBytes >= maxMessageBytes && maxQueuedBytes < 2 ** 40)) {
    throw new RangeError('network.maxQueuedBytes is finite and holds at least one largest message');
  }
  if (!(bytesPerMs > 0)) throw new RangeError(`network.bytesPerMs is positive, got ${bytesPerMs}`);
  if (whenFull !== 'saturate' && whenFull !== 'drop') {
    throw new RangeError(`network.whenFull is 'saturate' or 'drop', got '${whenFull}'`);
  }
  return options;
}

/**
 * The settings of one direction: the network's, with those that differ.
 * @throws {RangeError} for a setting out of its range, or one that only a whole network has.
 */
export function resolveLinkOptions(
  partial: Partial<LinkOptions>,
  network: NetworkOptions,
): LinkOptions {
  for (const name of Object.keys(partial)) {
    if (OF_NETWORK.includes(name)) throw new RangeError(`'${name}' is no setting of one link`);
  }
  return resolveNetworkOptions(partial, network);
}
