/** How the network behaves: set for a run, and changeable while it runs. */
import { checkDelayRange, checkProbability, type DelayRange } from './random.ts';

export interface NetworkOptions {
  /** How long a message travels. @default 0.5, 1, 10 */
  readonly delay: DelayRange;
  /** The probability that a message is lost. @default 0 */
  readonly loss: number;
  /** The probability that a message arrives twice. @default 0 */
  readonly duplicate: number;
  /**
   * The probability that a message travels twice as long and outside the order of the others.
   * Above 0, messages of a connection that is gone may arrive as well. @default 0
   */
  readonly reorder: number;
  /** The largest message. @default 1 MiB */
  readonly maxMessageBytes: number;
  /** What one direction between two nodes holds before it is saturated. @default 4 MiB */
  readonly maxQueuedBytes: number;
  /**
   * How long it takes until two nodes that can reach one another are connected. @default 0.5, 2, 20
   */
  readonly connect: DelayRange;
  /** How long it takes until a silent node is noticed. @default 20, 200, 1000 */
  readonly detect: DelayRange;
}

const DEFAULTS: NetworkOptions = {
  delay: { minMs: 0.5, meanMs: 1, maxMs: 10 },
  loss: 0,
  duplicate: 0,
  reorder: 0,
  maxMessageBytes: 2 ** 20,
  maxQueuedBytes: 4 * 2 ** 20,
  connect: { minMs: 0.5, meanMs: 2, maxMs: 20 },
  detect: { minMs: 20, meanMs: 200, maxMs: 1_000 },
};

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
    checkDelayRange(`network.${name}`, options[name]);
  }
  for (const name of ['loss', 'duplicate', 'reorder'] as const) {
    checkProbability(`network.${name}`, options[name]);
  }
  const { maxMessageBytes, maxQueuedBytes } = options;
  if (!(maxMessageBytes > 0 && maxQueuedBytes >= maxMessageBytes && maxQueuedBytes < 2 ** 40)) {
    throw new RangeError('network.maxQueuedBytes is finite and holds at least one largest message');
  }
  return options;
}
