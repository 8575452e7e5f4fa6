export {
  Backoff,
  type BackoffOptions,
  decorrelatedJitterMs,
  exponentialMs,
  fullJitterMs,
} from './backoff.ts';
export { type RetryAttempt, type RetryOptions, retry } from './retry.ts';
