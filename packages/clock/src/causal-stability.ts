/**
 * Which updates every member is known to have: nobody will send anything concurrent to them any
 * more, so what was kept only to judge concurrency (tombstones, contexts) can go.
 *
 * A row per member holds the largest vector that it was heard with; the stable vector is the
 * smallest counter of each column.
 *
 * Invariants: the stable vector never goes back; an update of which one member has not been heard
 * is not stable. So a member that is silent holds everything up until it is removed, and who
 * removes it must not let it back in with its old state. Who joins has the stable updates already:
 * it begins from the state of a member. Cost: `observe` O(n) for n members, `stable` O(n^2) after
 * something new was heard, else O(1).
 *
 * Source: C. Baquero, P. S. Almeida, A. Shoker, "Making Operation-Based CRDTs Operation-Based",
 * 2014, section 4; the rows are a matrix clock: G. Wuu, A. Bernstein, 1984.
 */
import { ClockError } from './errors.ts';
import { checkReplicaId, MAX_REPLICAS } from './replica-id.ts';
import { VersionVector } from './version-vector.ts';

export class CausalStability {
  readonly #rows = new Map<string, VersionVector>();
  readonly #stable = new VersionVector();
  #isCurrent = true;

  /** @param members all who may still send updates, this replica included */
  constructor(members: Iterable<string>) {
    for (const member of members) this.add(member);
  }

  get members(): string[] {
    return [...this.#rows.keys()];
  }

  /**
   * Counts on a newcomer, which has all updates that are stable now. Harmless for a member.
   * @throws {ClockError} `CLOCK_LIMIT` for more than 65,536 members.
   */
  add(member: string): void {
    if (this.#rows.has(member)) return;
    if (this.#rows.size >= MAX_REPLICAS) {
      throw new ClockError('CLOCK_LIMIT', `there are at most ${MAX_REPLICAS} members`);
    }
    this.#refresh();
    this.#rows.set(checkReplicaId(member), this.#stable.clone());
  }

  /** Counts on `member` no longer; what only it had held up becomes stable. */
  remove(member: string): void {
    if (this.#rows.delete(member)) this.#isCurrent = false;
  }

  /**
   * Takes in what `member` is known to have: the vector of a message of its own, or ours for us.
   * @returns whether that is new; a stranger's vector is not, and changes nothing
   */
  observe(member: string, vector: VersionVector): boolean {
    const changed = this.#rows.get(member)?.merge(vector) ?? false;
    if (changed) this.#isCurrent = false;
    return changed;
  }

  /** Whether every member is known to have the update `counter` of `id`. */
  isStable(id: string, counter: number): boolean {
    this.#refresh();
    return this.#stable.covers(id, counter);
  }

  /** The updates that every member is known to have, as a copy. */
  get stable(): VersionVector {
    this.#refresh();
    return this.#stable.clone();
  }

  #refresh(): void {
    if (this.#isCurrent) return;
    this.#isCurrent = true;
    const [first, ...others] = this.#rows.values();
    if (first === undefined) return;
    this.#stable.merge(others.reduce((common, row) => common.meet(row), first));
  }
}
