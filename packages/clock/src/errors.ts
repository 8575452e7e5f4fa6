/** What can go wrong with a clock, by code; the README has a heading for each. */
export type ClockErrorCode =
  | 'CLOCK_MALFORMED'
  | 'CLOCK_LIMIT'
  | 'CLOCK_EXHAUSTED'
  | 'CLOCK_AMNESIA'
  | 'CLOCK_REMOTE_AHEAD'
  | 'CLOCK_FORWARD_JUMP'
  | 'CLOCK_ABOVE_BOUND'
  | 'CLOCK_DISJOINT'
  | 'CLOCK_UNCERTAIN';

/** What a clock refuses to do, and what it refuses to believe; match on `code`. */
export class ClockError extends Error {
  override readonly name = 'ClockError';
  readonly code: ClockErrorCode;

  constructor(code: ClockErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
