/**
 * One seeded run of a few replicas of one type over a network that loses, doubles, reorders and
 * comes apart, with nodes that crash and come back with what they had saved. Connections are those
 * of a topology: everybody with everybody, a star, a ring, or a line. When the faults are over all
 * must come to hold the same, and that must be the join of all changes ever made, as seen from
 * outside.
 */
import { chaos, drawFaults, type NodeEnvironment, seededRandom, World } from '@ds/sim';
import { encode, forgetting, Text } from '../../src/index.ts';
import {
  DeltaReplica,
  decodeKnown,
  decodeSyncMessage,
  encodeKnown,
  type Known,
  type Replicated,
  Replicator,
} from '../../src/sync.ts';
import type { Subject } from '../classic/subjects.ts';

export interface ConvergenceRun {
  readonly hash: string;
  readonly events: number;
  readonly changes: number;
  readonly crashes: number;
  readonly partitions: number;
  readonly lost: number;
  /** Events of texts that were forgotten. */
  readonly forgotten: number;
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
  /** Forgets what is stable by what the other replicas said that they know. Returns how much. */
  forget?(reports: ReadonlyMap<number, Known>): number;
  /** Everything a user sees, and all that matters to later joins. */
  fingerprint(): string;
}

const NODES = ['n0', 'n1', 'n2', 'n3', 'n4'] as const;
const CHAOS_MS = 400;
/** Short runs in great number find more than long ones: faults strike so many times as often. */
const HASTE = 5;
const SETTLE_MS = 60_000;
const EXCHANGE_MS = 200;
const REPORT_MS = 50;
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
  let forgotten = 0;
  let calm = false;
  const open = ({ self, transport, clock, random: chance }: NodeEnvironment): object => {
    const number = ids.indexOf(self as (typeof NODES)[number]);
    const near = (peer: string): boolean =>
      links(number, ids.indexOf(peer as (typeof NODES)[number]));
    // Whatever a node does is on its disk before anybody hears of it: what it had is what it finds.
    const disk = documents.get(self)?.save();
    const document = kind.open(number + 1, disk && (decisions.saved ?? same)(disk));
    documents.set(self, document);
    const reports = new Map<number, Known>();
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
      onReport: (from, known) => {
        reports.set(ids.indexOf(from as (typeof NODES)[number]) + 1, known);
      },
      exchangeMs: EXCHANGE_MS,
      batchMs: 5,
    });
    const edit = (): void => {
      if (calm) return;
      document.change(chance);
      changes += 1;
      replicator.changed();
      if (document.forget !== undefined && reports.size === ids.length - 1 && chance() < 0.3) {
        forgotten += document.forget(reports);
      }
      clock.setTimer(1 + 80 * chance(), edit);
    };
    if (document.forget !== undefined) tellAll(document, reports, number + 1, transport, clock);
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
      forgotten,
    };
  } catch (error) {
    throw new RunFailed(error, world.counts().events);
  } finally {
    await world.close().catch(() => {});
  }
}

/** Tells everybody, neighbour or not, now and then what is known here, and hears the same. */
function tellAll(
  document: Document,
  reports: Map<number, Known>,
  replica: number,
  transport: NodeEnvironment['transport'],
  clock: NodeEnvironment['clock'],
): void {
  const channel = transport.channel('reports', (plain) => {
    const { from, known } = plain as { from: number; known: Uint8Array };
    return { from, known };
  });
  channel.onMessage((_, { from, known }) => reports.set(from, decodeKnown(known)));
  const tell = (): void => {
    const message = { from: replica, known: encodeKnown(document.known()) };
    for (const peer of transport.peers()) channel.send(peer, message);
    clock.setTimer(REPORT_MS, tell);
  };
  tell();
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

/**
 * Text: all have what a copy has that heard of every edit at once and never forgot anything. With
 * `forgets` they forget what is stable, now and then.
 */
export function textKind({ forgets = false }: { forgets?: boolean } = {}): DocumentKind {
  let all = new Text({ replica: 0 });
  const print = (text: Text): string => `${text} ${[...text.known()].sort()}`;
  return {
    name: forgets ? 'text that forgets' : 'text',
    open(replica, saved) {
      if (replica === 1 && saved === undefined) all = new Text({ replica: 0 });
      const text = forgets ? openForgetting(replica, saved) : new Text({ replica });
      if (!forgets && saved !== undefined) text.apply(saved);
      return {
        known: () => text.known(),
        updateSince: (known, maxBytes) => text.updateSince(known, maxBytes),
        apply: (update) => text.apply(update),
        save: () => (forgets ? text.save() : text.updateSince()),
        fingerprint: () => print(text),
        ...(forgets && { forget: (reports: ReadonlyMap<number, Known>) => text.forget(reports) }),
        change(random) {
          const { length } = text;
          const at = Math.floor(random() * (length + 1));
          const from = Math.floor(at / 2);
          all.apply(
            random() < 0.7
              ? text.insert(at, 'lorem ipsum'.slice(0, 1 + Math.floor(random() * 8)))
              : text.delete(from, Math.min(3, length - from)),
          );
        },
      };
    },
    judge([document]) {
      if (document?.fingerprint() !== print(all)) {
        throw new Error(`what all hold is not what was written: ${print(all)}`);
      }
    },
  };
}

function openForgetting(replica: number, saved: Uint8Array | undefined): Text {
  const options = { replica, forgetting };
  return saved === undefined ? new Text(options) : Text.load(saved, options);
}
