/**
 * What clients asked of a system and what they were told, with the order of those moments.
 *
 * An operation takes effect at one instant between its call and its return, or, when its outcome is
 * not known, at any instant after its call, or never.
 */

/** One operation of a history. Times are of any unit and origin; only their order counts. */
export interface Operation<Input, Output> {
  readonly input: Input;
  /** What was answered; `undefined` when the operation returned without a known answer. */
  readonly output: Output | undefined;
  readonly callAt: number;
  /** When it returned; `undefined` when it did not, or failed in a way that tells nothing. */
  readonly returnAt: number | undefined;
  /** Who asked; for people. */
  readonly process?: string | number | undefined;
}

/** An operation under way. Settle it at most once; left alone, its outcome stays unknown. */
export interface Call<Output> {
  /** It answered `output`. */
  returned(output: Output): void;
  /** It surely had no effect: it leaves the history. */
  hadNoEffect(): void;
}

interface Entry<Input, Output> {
  readonly input: Input;
  output: Output | undefined;
  readonly callAt: number;
  returnAt: number | undefined;
  readonly process: string | number | undefined;
  withdrawn: boolean;
}

/** Records operations in the order their calls and returns are told. */
export class History<Input, Output> {
  readonly #entries: Entry<Input, Output>[] = [];
  #moment = 0;

  /** Notes that an operation begins. */
  call(input: Input, process?: string | number): Call<Output> {
    const entry: Entry<Input, Output> = {
      input,
      output: undefined,
      callAt: this.#moment++,
      returnAt: undefined,
      process,
      withdrawn: false,
    };
    this.#entries.push(entry);
    return {
      returned: (output) => {
        entry.output = output;
        entry.returnAt ??= this.#moment++;
      },
      hadNoEffect: () => {
        entry.withdrawn = true;
      },
    };
  }

  get operations(): readonly Operation<Input, Output>[] {
    return this.#entries.filter(({ withdrawn }) => !withdrawn);
  }
}
