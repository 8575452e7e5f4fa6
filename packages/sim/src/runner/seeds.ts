/**
 * Which seeds to run: what the caller says, unless the environment it hands in says otherwise.
 *
 * `DS_SEED=7` runs that seed alone, `DS_SEEDS=10` runs ten times as many, `DS_FIRST_SEED=1000`
 * moves the first one on by so much, so that a build can take fresh ones each time.
 */
export interface SeedOptions {
  /** How many seeds. @default 100 */
  readonly seeds?: number;
  /** The first of them; they are consecutive. @default 1 */
  readonly firstSeed?: number;
  /** Where `DS_SEED`, `DS_SEEDS` and `DS_FIRST_SEED` are looked up. @default nowhere */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface SeedRange {
  readonly first: number;
  readonly count: number;
}

/** @throws {RangeError} for what is no number of seeds, and no seed. */
export function seedRange({
  seeds = 100,
  firstSeed = 1,
  environment = {},
}: SeedOptions): SeedRange {
  const only = wholeNumber('DS_SEED', environment.DS_SEED);
  if (only !== undefined) return { first: only, count: 1 };
  const count = Math.ceil(seeds * factor(environment.DS_SEEDS));
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`seeds is a whole number of at least 1, got ${count}`);
  }
  return {
    first: firstSeed + (wholeNumber('DS_FIRST_SEED', environment.DS_FIRST_SEED) ?? 0),
    count,
  };
}

function factor(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`DS_SEEDS is a positive factor, got '${text}'`);
  }
  return value;
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} is a whole number of at least 0, got '${text}'`);
  }
  return value;
}
