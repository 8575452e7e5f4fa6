/** Recorded editing sessions with known ends, and histories with known orders. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = `${process.env.DS_DATA ?? `${root}../shared/data`}/editing-traces`;

/** Where they are absent these tests are left out, and fail in continuous integration. */
export const present: boolean = existsSync(folder) || process.env.CI === 'true';

export type Patch = readonly [position: number, deleted: number, inserted: string];

export interface Sequential {
  readonly endContent: string;
  readonly txns: readonly { readonly patches: readonly Patch[] }[];
}

export interface Concurrent {
  readonly endContent: string;
  readonly txns: readonly {
    readonly parents: readonly number[];
    readonly agent: number;
    readonly patches: readonly Patch[];
  }[];
}

export interface Conformance {
  readonly endContent: string;
  readonly txns: readonly {
    readonly span: readonly [number, number];
    readonly parents: readonly number[];
    readonly agent: string;
    readonly seqStart: number;
    readonly ops: readonly Patch[];
  }[];
}

export function readTrace<Trace>(name: string): Trace {
  return JSON.parse(gunzipSync(readFileSync(`${folder}/${name}.json.gz`)).toString()) as Trace;
}
