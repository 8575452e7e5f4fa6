/**
 * One seeded run of a few replicas of one type over a network that loses, doubles, reorders and
 * comes apart, with nodes that crash and come back with what they had saved. Connections are those
 * of a topology: everybody with everybody, a star, a ring, or a line. When the faults are over all
 * must come to hold the same, and that must be the join of all changes ever made, as seen from
 * outside.
 */
import { chaos, drawFaults, type NodeEnvironment, seededRandom, World } from '@ds/sim';
import { encode, Text } from '../../src/index.ts';
import { DeltaReplica, decodeSyncMessage, type Replicated, Replicator } from '../../src/sync.ts';
import type { Subject } from '../classic/subjects.ts';

export interface ConvergenceRun {
  readonly hash: string;
  readonly events: number;
  readonly changes: number;
  readonly crashes: number;
  readonly partitions: number;
  readonly lost: number;
}

/** A run that went wrong, and how far it had come. */
export class RunFailed extends Error {
  readonly events: number;

  constructor(cause: unknown, events: number) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.events = events;
  }
}

/** A kind of document, as the simulation uses it. */
export interface DocumentKind {
  readonly name: string;
  /** A document of `replica`, from what it saved. */
  open(replica: number, saved: Uint8Array | undefined): Document;
  /** The text or bytes that all must come to, from what was changed where and in which order. */
  judge(documents: readonly Document[]): void;
}

export interface Document extends Replicated {
  /** Makes a random change. */
  change(random: () => number): void;
  save(): Uint8Array;
  /** Everything a user sees, and all that matters to later joins. */
  fingerprint(): string;
}

const NODES = ['n0', 'n1', 'n2', 'n3', 'n4'] as const;
const CHAOS_MS = 400;
/** Short runs in great number find more than long ones: faults strike so many times as often. */
const HASTE = 5;
const SETTLE_MS = 60_000;
const EXCHANGE_MS = 200;
/** Two exchanges long. */
const QUIET_MS = 400;

/** Decisions that a planted bug replaces. */
export interface Decisions {
  /** What a node finds on its disk when it comes back. */
  readonly saved?: (bytes: Uint8Array) => Uint8Array | undefined;
  readonly wrap?: (document: Document) => Replicated;
}

export async function runConvergence(
  kind: DocumentKind,
  seed: number,
  decisions: Decisions = {},
): Promise<ConvergenceRun> {
  const faults = drawFaults(seededRandom(seed, 'faults'));
  const world = new World({ seed, network: faults.network });
  const random = seededRandom(seed, 'scenario');
  const ids = NODES.slice(0, 2 + Math.floor(random() * 4));
  const links = topology(ids.length, random);
  const documents = new Map<string, Document>();
  let changes = 0;
  let calm = false;
  const open = ({ self, transport, clock, random: chance }: NodeEnvironment): object => {
    const number = ids.indexOf(self as (typeof NODES)[number]);
    const near = (peer: string): boolean =>
      links(number, ids.indexOf(peer as (typeof NODES)[number]));
    // Whatever a node does is on its disk before anybody hears of it: what it had is what it finds.
    const disk = documents.get(self)?.save();
    const document = kind.open(number + 1, disk && (decisions.saved ?? same)(disk));
    documents.set(self, document);
    const replicator = new Replicator({
      replicated: decisions.wrap?.(document) ?? document,
      channel: transport.channel('sync', decodeSyncMessage),
      neighbours: {
        peers: () => [...transport.peers()].filter(near),
        onPeer: (listener) =>
          transport.onPeer((event) => {
            if (near(event.peer)) listener(event);
          }),
      },
      clock,
      exchangeMs: EXCHANGE_MS,
      batchMs: 5,
    });
    const edit = (): void => {
      if (calm) return;
      document.change(chance);
      changes += 1;
      replicator.changed();
      clock.setTimer(1 + 80 * chance(), edit);
    };
    // Somebody may type before anything has arrived.
    if (chance() < 0.5) edit();
    else clock.setTimer(1 + 80 * chance(), edit);
    return replicator;
  };
  try {
    for (const id of ids) world.addNode(id, open);
    const storm = chaos(world, {
      ...Object.fromEntries(Object.entries(faults.chaos).map(([name, ms]) => [name, ms / HASTE])),
      nodes: ids,
      maxDown: ids.length,
      durationMs: CHAOS_MS,
      downMs: 100 / HASTE,
      pauseMs: 300 / HASTE,
      partitionMs: 800 / HASTE,
      spellMs: 500 / HASTE,
    });
    world.runForSync(CHAOS_MS);
    storm.stop();
    calm = true;
    const ends = ids.map((id) => documents.get(id) as Document);
    const prints = settle(world, () => ends.map((document) => document.fingerprint()));
    if (new Set(prints).size > 1) throw new Error(`replicas differ: ${prints.join(' | ')}`);
    kind.judge(ends);
    const counts = world.counts();
    return {
      hash: world.traceHash(),
      events: counts.events,
      changes,
      crashes: counts.crashes,
      partitions: counts.partitions,
      lost: counts.dropped,
    };
  } catch (error) {
    throw new RunFailed(error, world.counts().events);
  } finally {
    await world.close().catch(() => {});
  }
}

/** Lets time pass until all hold the same, and has done so for a while; or too much has passed. */
function settle(world: World, look: () => string[]): string[] {
  let before = '';
  for (let passedMs = 0; passedMs < SETTLE_MS; passedMs += QUIET_MS) {
    world.runForSync(QUIET_MS);
    const prints = look();
    const [first = ''] = prints;
    if (first === before && prints.every((print) => print === first)) return prints;
    before = first;
  }
  return look();
}

function same(bytes: Uint8Array): Uint8Array {
  return bytes;
}

/** Which nodes talk to each other. */
function topology(count: number, random: () => number): (a: number, b: number) => boolean {
  const kind = Math.floor(random() * 4);
  if (kind === 0) return () => true;
  if (kind === 1) return (a, b) => a === 0 || b === 0;
  if (kind === 2) return (a, b) => Math.abs(a - b) === 1 || Math.abs(a - b) === count - 1;
  return (a, b) => Math.abs(a - b) === 1;
}

/** A state-based type: the end must be the join of every delta anybody made. */
export function stateKind(subject: Subject, judged: Subject = subject): DocumentKind {
  const { type } = subject;
  let all = judged.type.initial();
  return {
    name: subject.name,
    open(replica, saved) {
      if (replica === 1 && saved === undefined) all = judged.type.initial();
      const options = { type, replica, maxDeltas: 16 };
      const copy =
        saved === undefined ? new DeltaReplica(options) : DeltaReplica.load(saved, options);
      return {
        known: () => copy.known(),
        updateSince: (known) => copy.updateSince(known),
        apply: (update) => copy.apply(update),
        save: () => copy.save(),
        fingerprint: () =>
          `${Buffer.from(encode(type, copy.state)).toString('hex')} ${[...copy.known()].sort()}`,
        change(random) {
          let made: unknown;
          copy.change((state) => {
            made = subject.change(state, replica, random);
            judged.type.absorb(all, made);
            return made;
          });
          if (subject.shows?.(made, copy.value) === false) {
            throw new Error(`replica ${replica} does not see its own change`);
          }
        },
      };
    },
    judge([document]) {
      const bytes = Buffer.from(encode(judged.type, all)).toString('hex');
      if (document?.fingerprint().split(' ')[0] !== bytes) {
        throw new Error('what all hold is not the join of all changes');
      }
    },
  };
}

/** Text: nothing that anybody typed is missing, and all have the same. */
export function textKind(): DocumentKind {
  const made = new Map<number, number>();
  return {
    name: 'text',
    open(replica, saved) {
      if (replica === 1 && saved === undefined) made.clear();
      const text = new Text({ replica });
      if (saved !== undefined) text.apply(saved);
      return {
        known: () => text.known(),
        updateSince: (known, maxBytes) => text.updateSince(known, maxBytes),
        apply: (update) => text.apply(update),
        save: () => text.updateSince(),
        fingerprint: () => `${text} ${[...text.known()].sort()}`,
        change(random) {
          const { length } = text;
          const at = Math.floor(random() * (length + 1));
          if (random() < 0.7) text.insert(at, 'lorem ipsum'.slice(0, 1 + Math.floor(random() * 8)));
          else text.delete(Math.floor(at / 2), Math.min(3, length - Math.floor(at / 2)));
          made.set(replica, text.known().get(replica) ?? 0);
        },
      };
    },
    judge([document]) {
      const missing = [...made].filter(([replica, count]) => {
        return (document?.known().get(replica) ?? 0) !== count;
      });
      if (missing.length > 0) throw new Error(`edits are missing: ${missing}`);
    },
  };
}
