/** What a search over orders may spend before it gives up, with the verdict `'undecided'`. */
export interface SearchLimits {
  /** Memory for configurations and states, in bytes. */
  readonly maxBytes: number;
  /** Operations tried. */
  readonly maxSteps: number;
}

/** @throws {RangeError} for limits that are none. */
export function checkSearchLimits({ maxBytes, maxSteps }: SearchLimits): void {
  if (!(maxBytes > 0 && maxBytes <= 2 ** 34)) {
    throw new RangeError(`maxBytes lies between 1 and 2^34, got ${maxBytes}`);
  }
  if (!(maxSteps > 0 && Number.isFinite(maxSteps))) {
    throw new RangeError(`maxSteps is positive and finite, got ${maxSteps}`);
  }
}
