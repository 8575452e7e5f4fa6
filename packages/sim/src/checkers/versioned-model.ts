/**
 * A key-value store whose entries carry versions that the store chooses: numbers that grow with
 * each write of a key, whether they count from 1 or are positions in a log.
 *
 * A write whose answer was lost has a version nobody knows. The state then holds what is known of
 * it (a lower bound, and values it is not), and later answers narrow it down.
 */
import { ILLEGAL, type Model, type Next, oneOf, text } from './models.ts';
import { hashText, mixHashes, StateMap, type ValueKind } from './state-map.ts';

export type VersionedInput =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  /** Writes `value` if the entry's version is `version`. */
  | { readonly kind: 'cas'; readonly key: string; readonly value: string; readonly version: number }
  /** Removes the entry, if its version is `version` where one is given. */
  | { readonly kind: 'delete'; readonly key: string; readonly version?: number | undefined };

/**
 * A get answers `{ value, version }`, both `undefined` for an absent key; a put `{ version }`; a
 * cas `{ ok }` and, when ok, its new `version`; a delete with a version `{ ok }`, one without `{}`.
 */
export interface VersionedOutput {
  readonly value?: string | undefined;
  readonly version?: number | undefined;
  readonly ok?: boolean;
}

/** One key's past and present; `value` is undefined once it was removed. */
export interface VersionedEntry {
  readonly value: string | undefined;
  /** The version, when it is known. */
  readonly version: number | undefined;
  /** Otherwise it is larger than this, and so is every later one. */
  readonly above: number;
  /** And it is none of these. */
  readonly not: readonly number[];
}

type State = StateMap<VersionedEntry>;

const ABSENT: VersionedEntry = { value: undefined, version: undefined, above: -1, not: [] };

const ENTRIES: ValueKind<VersionedEntry> = {
  hash: ({ value, version, above, not }) => {
    const known = mixHashes(value === undefined ? 1 : hashText(value), version ?? -1);
    return not.reduce(mixHashes, mixHashes(known, above));
  },
  equals: (a, b) =>
    a.value === b.value &&
    a.version === b.version &&
    a.above === b.above &&
    a.not.length === b.not.length &&
    a.not.every((version, i) => version === b.not[i]),
};

/** A map from strings to strings with versions; every key is independent of the others. */
export const versionedModel: Model<State, VersionedInput, VersionedOutput> = {
  initial: StateMap.empty(ENTRIES),
  step(state, input, output) {
    const entry = state.get(input.key) ?? ABSENT;
    const next = stepEntry(entry, input, output);
    if (next.length === 0) return ILLEGAL;
    const states = next.map((after) => state.with(input.key, after));
    return states.length === 1 ? (states[0] as Next<State>) : oneOf(...states);
  },
  key: ({ hash }) => hash,
  equals: (a, b) => a.equals(b),
  partition: ({ key }) => key,
  describe: ({ kind, ...rest }, output) => `${kind} ${text(rest)} -> ${text(output)}`,
};

function stepEntry(
  entry: VersionedEntry,
  input: VersionedInput,
  output: VersionedOutput | undefined,
): VersionedEntry[] {
  if (input.kind === 'get') return output === undefined ? [entry] : observe(entry, output);
  if (input.kind === 'put') return write(entry, input.value, output?.version);
  if (input.version === undefined) return [remove(entry)];
  const { version } = input;
  const applied = output?.ok === false ? [] : withVersion(entry, version);
  const refused = output?.ok === true ? [] : withoutVersion(entry, version);
  const changed = applied.flatMap((known) =>
    input.kind === 'cas' ? write(known, input.value, output?.version) : [remove(known)],
  );
  return [...changed, ...refused];
}

function observe(entry: VersionedEntry, output: VersionedOutput): VersionedEntry[] {
  if (output.value !== entry.value) return [];
  if (entry.value === undefined || output.version === undefined) return [entry];
  return withVersion(entry, output.version);
}

function write(
  entry: VersionedEntry,
  value: string,
  version: number | undefined,
): VersionedEntry[] {
  const above = entry.version ?? entry.above;
  if (version === undefined) return [{ value, version, above, not: [] }];
  return version > above ? [{ value, version, above: version, not: [] }] : [];
}

function remove(entry: VersionedEntry): VersionedEntry {
  return { value: undefined, version: undefined, above: entry.version ?? entry.above, not: [] };
}

/** The entry given that its version is `version`; none when that cannot be. */
function withVersion(entry: VersionedEntry, version: number): VersionedEntry[] {
  if (entry.value === undefined) return [];
  if (entry.version !== undefined) return entry.version === version ? [entry] : [];
  if (version <= entry.above || entry.not.includes(version)) return [];
  return [{ value: entry.value, version, above: version, not: [] }];
}

/** The entry given that its version is not `version`. */
function withoutVersion(entry: VersionedEntry, version: number): VersionedEntry[] {
  if (entry.value === undefined || version <= entry.above) {
    return entry.version === version && entry.value !== undefined ? [] : [entry];
  }
  if (entry.version !== undefined) return entry.version === version ? [] : [entry];
  if (entry.not.includes(version)) return [entry];
  return [{ ...entry, not: [...entry.not, version].sort((a, b) => a - b) }];
}
