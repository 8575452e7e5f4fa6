/** Recorded editing sessions, and how every library is put through them. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import type { Measurements } from '../contender.ts';

const ROOT = import.meta.url.replace(/\/apps\/bench\/.*$/, '');
const FOLDER = process.env.DS_DATA ?? new URL(`${ROOT}/../shared/data`).pathname;

export type Patch = readonly [position: number, deleted: number, inserted: string];

interface Transaction {
  readonly patches: readonly Patch[];
  readonly parents?: readonly number[];
  readonly agent?: number;
}

interface Session {
  readonly endContent: string;
  readonly txns: readonly Transaction[];
}

function read(name: string): Session {
  const packed = readFileSync(`${FOLDER}/editing-traces/${name}.json.gz`);
  return JSON.parse(gunzipSync(packed).toString()) as Session;
}

/** A library's document. */
export interface Library<Document> {
  open(agent: number): Document;
  /** Makes an edit. Returns the update to send; nothing from a library that batches. */
  edit(document: Document, patch: Patch): Uint8Array | undefined;
  /** Whether typing a session takes seconds. */
  readonly slow?: boolean;
  /** Ends a batch, for a library that cannot do each edit alone in bearable time. */
  flush?(document: Document): void;
  apply?(document: Document, update: Uint8Array): void;
  text(document: Document): string;
  save(document: Document): Uint8Array;
  load(bytes: Uint8Array): string;
}

/** The measurements of a library that gives an update per edit, or of one that batches. */
export function textMeasurements<Document>(library: Library<Document>): Measurements {
  const paper = read('automerge-paper');
  let saved: Uint8Array = new Uint8Array(0);
  let bytesPerEdit = 0;
  const type = (): Document => {
    const document = library.open(1);
    let bytes = 0;
    for (const { patches } of paper.txns) {
      for (const patch of patches) bytes += library.edit(document, patch)?.length ?? 0;
    }
    library.flush?.(document);
    bytesPerEdit = bytes / paper.txns.length;
    return document;
  };
  const edits = library.flush ? 'paper, edits in batches' : 'paper, an update per edit';
  const measurements: Record<string, (durationMs: number) => Promise<number>> = {
    'paper, memory held': async () => {
      // Several at once, or code compiled meanwhile would be counted for one.
      const documents: Document[] = [];
      const before = memoryHeld();
      for (let rest = library.slow ? 1 : 5; rest > 0; rest -= 1) documents.push(type());
      const held = (memoryHeld() - before) / documents.length;
      for (const document of documents) check(library.text(document), paper.endContent);
      saved = library.save(documents[0] as Document);
      return held / 1e6;
    },
    [edits]: async () => repeat(() => void type(), library.slow ? 1 : 3),
    'paper, saved with all there is': async () => saved.length,
    'paper, loaded to text': async () => {
      check(library.load(saved), paper.endContent);
      return repeat(() => void library.load(saved), library.slow ? 5 : 30);
    },
  };
  if (!library.flush) measurements['paper, bytes per edit'] = async () => bytesPerEdit;
  const { apply } = library;
  if (apply) {
    const story = read('friendsforever');
    const updates = write(story, library, apply);
    measurements['story, updates applied one by one'] = async () => {
      const follow = (): Document => {
        const document = library.open(7);
        for (const update of updates) apply(document, update);
        return document;
      };
      check(library.text(follow()), story.endContent);
      return repeat(() => void follow(), library.slow ? 1 : 5);
    };
  }
  return measurements;
}

/** The updates of a story by two, each of whom knows what its transactions say. */
function write<Document>(
  { txns }: Session,
  library: Library<Document>,
  apply: (document: Document, update: Uint8Array) => void,
): Uint8Array[] {
  const writers = [library.open(1), library.open(2)];
  const known = writers.map(() => new Set<number>());
  const updates: Uint8Array[][] = [];
  for (const [index, { patches, parents = [], agent = 0 }] of txns.entries()) {
    const document = writers[agent] as Document;
    const seen = known[agent] as Set<number>;
    const missing: number[] = [];
    for (const rest = [...parents]; rest.length > 0; ) {
      const parent = rest.pop() as number;
      if (seen.has(parent)) continue;
      seen.add(parent);
      missing.push(parent);
      rest.push(...(txns[parent]?.parents ?? []));
    }
    missing.sort((a, b) => a - b);
    for (const parent of missing)
      for (const update of updates[parent] ?? []) apply(document, update);
    seen.add(index);
    updates.push(patches.flatMap((patch) => library.edit(document, patch) ?? []));
  }
  return updates.flat();
}

function check(text: string, expected: string): void {
  if (text !== expected) throw new Error('this is not the text that the session ends with');
}

/** The median of the CPU milliseconds of `times` runs. */
export function repeat(run: () => void, times: number): number {
  const spent = Array.from({ length: times }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return spent.sort((a, b) => a - b)[times >> 1] as number;
}

let collect: (() => void) | undefined;

/** Bytes of heap and buffers after a collection. */
export function memoryHeld(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
