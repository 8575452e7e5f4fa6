/**
 * A lock that dies with its owner, made of nothing but files: for hosts, like Node, that offer no
 * lock of the operating system.
 *
 * ## The medium
 *
 * Next to each other lie the *floor*, a number, and *records*, one per *generation* 1, 2, 3, ...,
 * each naming an owner. A record is created in one step, with all of its content, and only if its
 * name is free (write a file aside, `link` it). The floor is replaced in one step (`rename`). One
 * can tell of a record whether its owner may still be alive and has not released it: whether it is
 * *held*.
 *
 * ## The protocol
 *
 * To acquire:
 *  1. Let `n` be the greater of the floor and the highest generation listed; 0 at first.
 *  2. If record `n` is held, the lock is: give up.
 *  3. Create record `n + 1`. If there is one already, somebody was faster: start over.
 *  4. Read the floor again. If it is above `n`, this contender was asleep and acts on the past:
 *     remove the record `n + 1` just made, and start over.
 *  5. The lock is acquired, with generation `g = n + 1`. Write the floor: `g`. Only then remove the
 *     records below `g`.
 *
 * To release: mark record `g`, in place, and leave it. It goes when the next owner is there.
 *
 * ## Why two never hold it
 *
 * "Not held" is for ever: the dead stay dead, a released record stays released. The floor never
 * sinks while the machine runs: only an owner writes it, its own generation, above the floor that
 * it has just read; a dead or former owner writes nothing.
 *
 *  a. *While the floor is at most `n`, no record above `n` is removed.* Step 5 removes below the
 *     floor; step 4 removes `n + 1` only when the floor is above `n`.
 *  b. *When a contender passes step 4 with `g = n + 1`, its record is the first of that number, and
 *     there is none above it.* The floor is at most `n`, so by (a) no record from `g` up has ever
 *     gone: an earlier `g` would still stand, and the creation would have failed. Suppose `h > g`
 *     stands. Whoever made it had listed `h - 1` (its floor was below `g`) and found it not held;
 *     that record stands as well, and so on down to `g`, which was found not held: yet its owner
 *     lives and has just passed step 4. (Or some record on the way down had been there since before
 *     a power cut that took the floor back. Then it lay still while this contender listed, so `n`
 *     would not be below it.)
 *  c. *Nobody passes step 4 while another owner holds the lock.* Let `g` be held, and `g'` pass.
 *     If `g' > g`: the first record ever made above `g` was made by one who had `n = g`, hence saw
 *     the record `g`, which stands until the floor is above `g`, which takes a winner above `g`;
 *     and it is held, so step 2 gave up. If `g' = g`: by (b) both would be the first. If `g' < g`:
 *     by (b) no record above `g'` stands, but record `g` does, or else the floor is above it and
 *     step 4 stops `g'`.
 *
 * Nothing here trusts a directory listing to be of one moment. A listing that misses what is coming
 * or going makes a contender act on the past, which steps 3 and 4 catch; what it has to find is
 * only what lies still: records above a floor that a power cut took back. A record that was listed
 * and is gone when read was removed, so the floor has risen, and step 4 will catch that too; if a
 * person removed it, the lock is free.
 *
 * A contender that starts over does so because another one made progress, so somebody acquires.
 *
 * The test explores interleavings of these very steps, deaths included, and finds the hole in
 * each protocol that leaves one of them out.
 */

/** The files of one lock. `Owner` is what a record holds. */
export interface LockMedium<Owner> {
  /** 0 when there is none. */
  readFloor(): number;
  writeFloor(generation: number): void;
  /** In any order; may miss those that come or go during the call. */
  listGenerations(): number[];
  readRecord(generation: number): Owner | undefined;
  /** Puts this contender's record there in one step; `false` when there is one. */
  createRecord(generation: number): boolean;
  /** Harmless when there is none. */
  removeRecord(generation: number): void;
  /** Whether the owner may be alive and has not released the lock. */
  isHeld(owner: Owner): boolean;
}

export type LockOutcome<Owner> =
  | { readonly acquired: true; readonly generation: number }
  /** `owner` is absent when the lock changed hands all the time. */
  | { readonly acquired: false; readonly generation: number; readonly owner: Owner | undefined };

/** Starting over means that others made progress; this often in a row, and the lock is theirs. */
const MAX_ATTEMPTS = 100;

/**
 * The protocol as a sequence of steps, each of which touches the medium once; it pauses before
 * each, so that a test can let others act in between.
 */
export function* acquireSteps<Owner>(
  medium: LockMedium<Owner>,
): Generator<void, LockOutcome<Owner>, void> {
  let highest = 0;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    yield;
    const floor = medium.readFloor();
    yield;
    highest = Math.max(floor, ...medium.listGenerations());
    yield;
    const owner = highest > 0 ? medium.readRecord(highest) : undefined;
    if (owner !== undefined && medium.isHeld(owner)) {
      return { acquired: false, generation: highest, owner };
    }
    const generation = highest + 1;
    yield;
    if (!medium.createRecord(generation)) continue;
    yield;
    if (medium.readFloor() > highest) {
      yield;
      medium.removeRecord(generation);
      continue;
    }
    yield;
    medium.writeFloor(generation);
    yield* clearBelow(medium, generation);
    return { acquired: true, generation };
  }
  return { acquired: false, generation: highest, owner: undefined };
}

/** Runs the protocol through. */
export function acquire<Owner>(medium: LockMedium<Owner>): LockOutcome<Owner> {
  const steps = acquireSteps(medium);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

function* clearBelow<Owner>(medium: LockMedium<Owner>, generation: number): Generator<void> {
  yield;
  for (const lower of medium.listGenerations()) {
    if (lower >= generation) continue;
    yield;
    medium.removeRecord(lower);
  }
}
