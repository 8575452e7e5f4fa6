/**
 * Contenders for one lock, stepped in an order drawn from a seed: they acquire, hold, release, die
 * at any step, and now and then the power is cut. Ends with the first moment at which two hold it.
 *
 * A directory listing spans the time since the contender's step before: what came or went in
 * between may be listed or not, as drawn. After a power cut any records and an older floor may be
 * what is left. At last everybody dies, and one alone must be able to take the lock.
 */
import { seeded } from '../../src/conformance/seeded.ts';
import { acquireSteps, type LockMedium, type LockOutcome } from '../../src/lock-protocol.ts';

interface Owner {
  dead: boolean;
  released: boolean;
}

type Steps = Generator<void, LockOutcome<Owner>, void>;

/** The protocol, or one with a bug planted. */
export type Protocol = (medium: LockMedium<Owner>) => Steps;

interface Contender {
  owner: Owner;
  steps: Steps | undefined;
  holds: boolean;
  seen: Set<number>;
}

export interface LockRun {
  /** How many contenders held the lock at the end: 2 is a violation. */
  readonly holders: number;
  /** Whether, with everybody dead, nobody could take the lock: a violation, too. */
  readonly stuck: boolean;
  readonly acquisitions: number;
  readonly steps: number;
}

const CONTENDERS = 4;
const STEPS = 400;

export function runLockWorld(seed: number, protocol: Protocol = acquireSteps): LockRun {
  const draw = seeded(seed);
  const records = new Map<number, Owner>();
  const floors = [0];
  let acquisitions = 0;
  const contenders = Array.from({ length: CONTENDERS }, fresh);

  function fresh(): Contender {
    const owner = { dead: false, released: false };
    return { owner, steps: undefined, holds: false, seen: new Set() };
  }

  const mediumOf = (contender: Contender): LockMedium<Owner> => ({
    readFloor: () => floors.at(-1)!,
    writeFloor: (generation) => void floors.push(generation),
    listGenerations: () => {
      const both = [...contender.seen].filter((generation) => records.has(generation));
      const either = new Set([...contender.seen, ...records.keys()]);
      const drawn = [...either].filter((generation) => !both.includes(generation) && draw(2) === 0);
      return [...both, ...drawn];
    },
    readRecord: (generation) => records.get(generation),
    createRecord: (generation) => {
      if (records.has(generation)) return false;
      records.set(generation, contender.owner);
      return true;
    },
    removeRecord: (generation) => void records.delete(generation),
    isHeld: (owner) => !owner.dead && !owner.released,
  });

  const act = (index: number): void => {
    const contender = contenders[index]!;
    if (contender.holds) {
      if (draw(3) > 0) return;
      contender.owner.released = true;
      contenders[index] = fresh();
      return;
    }
    contender.steps ??= protocol(mediumOf(contender));
    const { done, value } = contender.steps.next();
    contender.seen = new Set(records.keys());
    if (!done) return;
    contender.holds = value.acquired;
    contender.steps = undefined;
    if (value.acquired) acquisitions += 1;
  };

  const die = (index: number): void => {
    contenders[index]!.owner.dead = true;
    contenders[index] = fresh();
  };

  const cutPower = (): void => {
    for (let i = 0; i < CONTENDERS; i += 1) die(i);
    for (const generation of [...records.keys()]) if (draw(2) === 0) records.delete(generation);
    floors.push(floors[draw(floors.length)]!);
  };

  // Some contenders sleep for long while others go on, which is where stale views come from.
  let awake = 0;
  for (let step = 1; step <= STEPS; step += 1) {
    if (draw(12) === 0) awake = draw(CONTENDERS);
    const index = draw(4) === 0 ? draw(CONTENDERS) : awake;
    const fate = draw(400);
    if (fate === 0) cutPower();
    else if (fate < 12) die(index);
    else act(index);
    const holders = contenders.filter(({ holds }) => holds).length;
    if (holders > 1) return { holders, stuck: false, acquisitions, steps: step };
  }
  for (let index = 0; index < CONTENDERS; index += 1) die(index);
  return { holders: 1, stuck: !canBeAcquired(0), acquisitions, steps: STEPS };

  function canBeAcquired(index: number): boolean {
    const before = acquisitions;
    do act(index);
    while (contenders[index]!.steps);
    return acquisitions > before;
  }
}
