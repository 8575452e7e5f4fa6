/**
 * The four promises a replicated store may keep to one session, whatever it does to all of them
 * together: read your writes, monotonic reads, monotonic writes, writes follow reads.
 *
 * Operations name versions; per key, versions are numbers of which the larger is the newer one (a
 * stamp, a sequence number). The first two promises concern the session's own reads. The last two
 * concern how others see its writes: whoever has read a write and then reads a key that the writer
 * had written (or read) before it, finds that version or a newer one.
 *
 * Operations without an outcome: a write may have happened, a read tells nothing. Cost: O(n k) for
 * n operations over k keys. Source: Terry et al., "Session guarantees for weakly consistent
 * replicated data", 1994.
 */
import type { Operation } from './history.ts';
import { checkStrength, type Floor, type Strength, strengthOf } from './strength.ts';

export type SessionInput =
  | { readonly kind: 'read'; readonly key: string }
  | { readonly kind: 'write'; readonly key: string };

/** The version that was read or written; 0: a read found nothing. */
export interface SessionOutput {
  readonly version: number;
}

export type SessionGuarantee =
  | 'read-your-writes'
  | 'monotonic-reads'
  | 'monotonic-writes'
  | 'writes-follow-reads';

export interface SessionViolation {
  readonly guarantee: SessionGuarantee;
  /** Which operation broke it, an index into the history. */
  readonly operation: number;
  readonly message: string;
}

export interface SessionResult {
  readonly verdict: 'kept' | 'violated';
  readonly strength: Strength;
  /** Reads whose answer some promise restricted: without them nothing was put to the test. */
  readonly restricted: number;
  /** In the order of the operations. */
  readonly violations: readonly SessionViolation[];
}

type Versions = Map<string, number>;

class Session {
  readonly read: Versions = new Map();
  readonly written: Versions = new Map();
  /** What it has to see since it read writes of others. */
  readonly afterTheirWrites: Versions = new Map();
  readonly afterTheirReads: Versions = new Map();
}

/** What the writer of a version had written and read before it. */
interface Past {
  readonly written: Versions;
  readonly read: Versions;
}

/**
 * Judges which of `guarantees` hold; a session is the operations of one `process`, in the order of
 * their calls.
 * @throws {SimulationError} `SIM_TOO_WEAK` when the history lies below `floor`.
 */
export function checkSessionGuarantees(
  history: readonly Operation<SessionInput, SessionOutput>[],
  {
    guarantees = ['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads'],
    floor = {},
  }: { readonly guarantees?: readonly SessionGuarantee[]; readonly floor?: Floor } = {},
): SessionResult {
  const strength = strengthOf(history);
  checkStrength(strength, floor);
  const judge = new Judge(history, guarantees);
  judge.run();
  const { violations, restricted } = judge;
  const verdict = violations.length === 0 ? 'kept' : 'violated';
  return { verdict, strength, restricted, violations };
}

class Judge {
  readonly violations: SessionViolation[] = [];
  restricted = 0;
  readonly #history: readonly Operation<SessionInput, SessionOutput>[];
  readonly #guarantees: readonly SessionGuarantee[];
  readonly #pasts = new Map<string, Past>();

  constructor(
    history: readonly Operation<SessionInput, SessionOutput>[],
    guarantees: readonly SessionGuarantee[],
  ) {
    this.#history = history;
    this.#guarantees = guarantees;
  }

  run(): void {
    const order = [...this.#history.keys()].sort(
      (a, b) => this.#history[a]!.callAt - this.#history[b]!.callAt,
    );
    // A read may return what a write that was called later in this list wrote: pasts come first.
    this.#eachSession(order, (session, index) => this.#notePast(session, index));
    this.#eachSession(order, (session, index) => this.#judge(session, index));
    this.violations.sort((a, b) => a.operation - b.operation);
  }

  #eachSession(order: readonly number[], visit: (session: Session, index: number) => void): void {
    const sessions = new Map<string | number, Session>();
    for (const index of order) {
      const { process, output } = this.#history[index]!;
      if (output === undefined || process === undefined) continue;
      let session = sessions.get(process);
      if (session === undefined) {
        session = new Session();
        sessions.set(process, session);
      }
      visit(session, index);
    }
  }

  #notePast(session: Session, index: number): void {
    const { input, output } = this.#history[index]!;
    const { key, kind } = input;
    const { version } = output!;
    if (kind === 'write') {
      const past = { written: new Map(session.written), read: new Map(session.read) };
      this.#pasts.set(`${version} ${key}`, past);
    }
    raise(kind === 'write' ? session.written : session.read, key, version);
  }

  #judge(session: Session, index: number): void {
    const { input, output } = this.#history[index]!;
    const { key, kind } = input;
    const { version } = output!;
    const { read, written, afterTheirWrites, afterTheirReads } = session;
    if (kind === 'write') {
      // On one key, the order of versions is the order everyone sees.
      this.#expect('monotonic-writes', index, version, written.get(key));
      this.#expect('writes-follow-reads', index, version, read.get(key));
      raise(written, key, version);
      return;
    }
    const before = [read, written, afterTheirWrites, afterTheirReads].map((each) => each.get(key));
    if (before.some((least) => least !== undefined)) this.restricted += 1;
    this.#expect('read-your-writes', index, version, written.get(key));
    this.#expect('monotonic-reads', index, version, read.get(key));
    this.#expect('monotonic-writes', index, version, afterTheirWrites.get(key));
    this.#expect('writes-follow-reads', index, version, afterTheirReads.get(key));
    raise(read, key, version);
    const past = this.#pasts.get(`${version} ${key}`);
    for (const [name, least] of past?.written ?? []) raise(afterTheirWrites, name, least);
    for (const [name, least] of past?.read ?? []) raise(afterTheirReads, name, least);
  }

  #expect(
    guarantee: SessionGuarantee,
    operation: number,
    version: number,
    least: number | undefined,
  ): void {
    if (least === undefined || version >= least || !this.#guarantees.includes(guarantee)) return;
    const { input, process } = this.#history[operation]!;
    const { kind, key } = input;
    const message =
      `${guarantee}: session ${process} ${kind === 'read' ? 'reads' : 'writes'} version ` +
      `${version} of '${key}' where ${least} or newer was due (operation ${operation})`;
    this.violations.push({ guarantee, operation, message });
  }
}

function raise(versions: Versions, key: string, version: number): void {
  versions.set(key, Math.max(version, versions.get(key) ?? version));
}
