/**
 * Takes back what one user did, and only that, whatever others did meanwhile.
 *
 * An edit is remembered by the characters it inserted or deleted. Taking an insertion back deletes
 * those that are still there; taking a deletion back inserts the same text where its characters
 * stood. Such characters stand for the old ones from then on, so that steps further down still find
 * them. Nothing here is special to others: undoing is an edit like any.
 *
 * Cost: O(log n) per run of characters; memory O(characters remembered).
 */
import type { Text } from './text.ts';
import type { CharacterRun } from './update.ts';

interface Remembered {
  readonly run: CharacterRun;
  readonly text: string;
}

interface Step {
  readonly kind: 'inserted' | 'deleted';
  readonly characters: readonly Remembered[];
}

export interface UndoOptions {
  /** How many groups can be taken back; the oldest are forgotten. @default 1000 */
  readonly maxGroups?: number;
}

export class Undo {
  readonly #text: Text;
  readonly #maxGroups: number;
  readonly #done: Step[][] = [];
  readonly #undone: Step[][] = [];
  #open = false;
  /** The character that now stands for one that was deleted, by name. */
  readonly #standIns: Map<string, CharacterRun> = new Map();

  constructor(text: Text, { maxGroups = 1000 }: UndoOptions = {}) {
    if (!(Number.isInteger(maxGroups) && maxGroups > 0)) {
      throw new RangeError(`maxGroups must be a positive whole number, got ${maxGroups}`);
    }
    this.#text = text;
    this.#maxGroups = maxGroups;
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** As {@link Text.insert}, remembered. */
  insert(position: number, text: string): Uint8Array {
    const update = this.#text.insert(position, text);
    if (text.length > 0) {
      this.#remember({ kind: 'inserted', characters: this.#at(position, text.length) });
    }
    return update;
  }

  /** As {@link Text.delete}, remembered. */
  delete(position: number, count = 1): Uint8Array {
    const characters = count > 0 ? this.#at(position, count) : [];
    const update = this.#text.delete(position, count);
    if (count > 0) this.#remember({ kind: 'deleted', characters });
    return update;
  }

  /** What follows is taken back apart from what was before. */
  closeGroup(): void {
    this.#open = false;
  }

  /** Takes back the last group of edits. Returns the updates to send; none if there is nothing. */
  undo(): Uint8Array[] {
    return this.#revert(this.#done, this.#undone);
  }

  /** Does again what was last taken back. */
  redo(): Uint8Array[] {
    return this.#revert(this.#undone, this.#done);
  }

  #remember(step: Step): void {
    this.#undone.length = 0;
    const group = this.#done.at(-1);
    if (this.#open && group !== undefined) group.push(step);
    else this.#done.push([step]);
    this.#open = true;
    if (this.#done.length > this.#maxGroups) this.#done.shift();
  }

  #at(position: number, count: number): Remembered[] {
    let at = position;
    return this.#text.charactersAt(position, count).map((run) => {
      const text = this.#text.slice(at, at + run.count);
      at += run.count;
      return { run, text };
    });
  }

  #revert(from: Step[][], to: Step[][]): Uint8Array[] {
    const group = from.pop();
    this.#open = false;
    if (group === undefined) return [];
    const updates: Uint8Array[] = [];
    const reverted: Step[] = [];
    for (const { kind, characters } of group.toReversed()) {
      if (kind === 'inserted') {
        reverted.push({ kind: 'deleted', characters: this.#hide(characters, updates) });
      } else {
        reverted.push({ kind: 'inserted', characters: this.#show(characters, updates) });
      }
    }
    to.push(reverted);
    return updates;
  }

  /** Deletes those of the characters that are there, and returns them. */
  #hide(characters: readonly Remembered[], updates: Uint8Array[]): Remembered[] {
    const hidden: Remembered[] = [];
    this.#each(characters, (named, text, place) => {
      if (!place.visible) return;
      updates.push(this.#text.delete(place.position, text.length));
      hidden.push({ run: named, text });
    });
    return hidden;
  }

  /** Inserts those of the characters again that are not there, and returns them. */
  #show(characters: readonly Remembered[], updates: Uint8Array[]): Remembered[] {
    const shown: Remembered[] = [];
    this.#each(characters, (named, text, place) => {
      if (place.visible) return;
      updates.push(this.#text.insert(place.position, text));
      const [first] = this.#text.charactersAt(place.position, 1) as [CharacterRun];
      for (let index = 0; index < text.length; index += 1) {
        const standIn = { ...first, sequence: first.sequence + index };
        this.#standIns.set(keyOf(named, index), standIn);
      }
      shown.push({ run: named, text });
    });
    return shown;
  }

  /** Calls `visit` for each part of the characters that is together now. */
  #each(
    characters: readonly Remembered[],
    visit: (
      named: CharacterRun,
      text: string,
      place: { position: number; visible: boolean },
    ) => void,
  ): void {
    for (const { run, text } of characters) {
      for (let done = 0; done < run.count; ) {
        const rest = run.count - done;
        const standIn = this.#standIns.get(keyOf(run, done));
        const now = standIn ?? { ...run, sequence: run.sequence + done };
        const place = this.#text.locate(now, this.#together(run, done, standIn, rest));
        const count = place?.count ?? rest;
        const named = { replica: run.replica, sequence: run.sequence + done, count };
        if (place !== undefined) visit(named, text.slice(done, done + count), place);
        done += count;
      }
    }
  }

  /** How many characters from the `done`th on have stand-ins, or none, with consecutive names. */
  #together(
    run: CharacterRun,
    done: number,
    first: CharacterRun | undefined,
    rest: number,
  ): number {
    for (let index = 1; index < rest; index += 1) {
      const next = this.#standIns.get(keyOf(run, done + index));
      const follows =
        next?.replica === first?.replica &&
        (next === undefined || next.sequence === (first as CharacterRun).sequence + index);
      if (!follows) return index;
    }
    return rest;
  }
}

function keyOf({ replica, sequence }: CharacterRun, index: number): string {
  return `${replica}:${sequence + index}`;
}
