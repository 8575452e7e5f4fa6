/**
 * How long things take: distributions from which delays are drawn.
 *
 * Networks and disks have tails: most of what they do is quick and some of it takes a hundred times
 * as long, and protocols break in the tail. Every distribution is cut at a bound, so that a run has
 * an end.
 *
 * Cost: one draw per delay, two for the log-normal; none where there is nothing to draw.
 * Source: exponential and Pareto by inversion, the normal by Box and Muller (1958).
 */
import type { Random } from '../kernel/random.ts';

/** Exponential: never below `minMs`, `meanMs` on average before the cut at `maxMs`. */
export interface DelayRange {
  readonly kind?: 'exponential';
  readonly minMs: number;
  readonly meanMs: number;
  readonly maxMs: number;
}

/**
 * - `constant`: always `ms`
 * - `uniform`: anything from `minMs` to `maxMs`, each as likely
 * - `exponential`, also without a `kind`: see {@link DelayRange}
 * - `log-normal`: half of the delays are below `medianMs`; `sigma` is the deviation of their
 *   logarithm: at 1, one in a hundred takes ten times as long
 * - `pareto`: a power law from `minMs` on; the smaller its `shape`, the longer the tail: at 1, one
 *   in a hundred takes a hundred times as long
 */
export type Latency =
  | DelayRange
  | { readonly kind: 'constant'; readonly ms: number }
  | { readonly kind: 'uniform'; readonly minMs: number; readonly maxMs: number }
  | {
      readonly kind: 'log-normal';
      readonly medianMs: number;
      readonly sigma: number;
      readonly maxMs: number;
    }
  | {
      readonly kind: 'pareto';
      readonly minMs: number;
      readonly shape: number;
      readonly maxMs: number;
    };

/** Draws one delay, in ms. */
export function drawLatency(random: Random, latency: Latency): number {
  switch (latency.kind) {
    case 'constant':
      return latency.ms;
    case 'uniform':
      return latency.minMs + random() * (latency.maxMs - latency.minMs);
    case 'log-normal':
      return Math.min(
        latency.maxMs,
        latency.medianMs * Math.exp(latency.sigma * drawNormal(random)),
      );
    case 'pareto':
      return Math.min(latency.maxMs, latency.minMs * (1 - random()) ** (-1 / latency.shape));
    default: {
      const { minMs, meanMs, maxMs } = latency;
      if (meanMs === minMs) return minMs;
      return Math.min(maxMs, minMs + drawExponential(random, meanMs - minMs));
    }
  }
}

/** What a delay is when nothing holds it up: the least, or half of the log-normal ones. */
export function quickLatency(latency: Latency): number {
  switch (latency.kind) {
    case 'constant':
      return latency.ms;
    case 'log-normal':
      return latency.medianMs;
    default:
      return latency.minMs;
  }
}

/** A time until something that happens every `meanMs` on average, whatever happened before. */
export function drawExponential(random: Random, meanMs: number): number {
  return -meanMs * Math.log(1 - random());
}

/** @throws {RangeError} for a distribution that is out of order, negative or endless. */
export function checkLatency(what: string, latency: Latency): void {
  const wrong = faultOf(latency);
  if (wrong === undefined) return;
  throw new RangeError(`${what}: ${wrong} must hold, got ${JSON.stringify(latency)}`);
}

function faultOf(latency: Latency): string | undefined {
  const isAscending = (...values: number[]): boolean =>
    values.every((value, i) => value >= (values[i - 1] ?? 0) && Number.isFinite(value));
  switch (latency.kind) {
    case 'constant':
      return isAscending(latency.ms) ? undefined : '0 <= ms < Infinity';
    case 'uniform':
      return isAscending(latency.minMs, latency.maxMs)
        ? undefined
        : '0 <= minMs <= maxMs < Infinity';
    case 'log-normal': {
      const { medianMs, sigma, maxMs } = latency;
      const holds = isAscending(medianMs, maxMs) && sigma >= 0 && sigma <= 10;
      return holds ? undefined : '0 <= medianMs <= maxMs < Infinity and 0 <= sigma <= 10';
    }
    case 'pareto': {
      const { minMs, shape, maxMs } = latency;
      const holds = isAscending(minMs, maxMs) && shape > 0;
      return holds ? undefined : '0 <= minMs <= maxMs < Infinity and shape > 0';
    }
    case 'exponential':
    case undefined: {
      const holds = isAscending(latency.minMs, latency.meanMs, latency.maxMs);
      return holds ? undefined : '0 <= minMs <= meanMs <= maxMs < Infinity';
    }
    default:
      return "kind is 'constant', 'uniform', 'exponential', 'log-normal' or 'pareto': that";
  }
}

function drawNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}
