/**
 * What worker threads and the thread that started them say to each other. Errors travel as plain
 * data, since a structured clone forgets their class and their fields.
 */
import { SimulationError, type SimulationErrorCode } from '../errors.ts';
import type { Failure } from './failure.ts';

/** What a thread is started with. */
export interface ThreadSettings {
  /** The URL of the module that exports `scenario`. */
  readonly scenario: string;
  readonly command: string | undefined;
}

/** Run one seed, and spend this many runs on shrinking it when it fails. */
export interface Task {
  readonly seed: number;
  readonly shrinkRuns: number;
}

export type Report =
  /** The scenario is called: the watchdog starts anew. */
  | { readonly kind: 'called' }
  | { readonly kind: 'passed'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly failure: PlainFailure };

export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: PlainError | undefined;
  readonly simulation: Omit<SimulationFacts, 'name' | 'message'> | undefined;
}

type SimulationFacts = Pick<SimulationError, 'code' | 'seed' | 'node' | 'atMs' | 'property'>;

type PlainShrunk = Omit<NonNullable<Failure['shrunk']>, 'error'> & { readonly error: PlainError };

export type PlainFailure = Omit<Failure, 'error' | 'shrunk'> & {
  readonly error: PlainError;
  readonly shrunk: PlainShrunk | undefined;
};

export function plainFailure({ shrunk, error, ...facts }: Failure): PlainFailure {
  return {
    ...facts,
    error: plainError(error),
    shrunk: shrunk && { ...shrunk, error: plainError(shrunk.error) },
  };
}

export function failureOf({ shrunk, error, ...facts }: PlainFailure): Failure {
  return {
    ...facts,
    error: errorOf(error),
    shrunk: shrunk && { ...shrunk, error: errorOf(shrunk.error) },
  };
}

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) {
    const message = String(error);
    return { name: 'Error', message, stack: undefined, cause: undefined, simulation: undefined };
  }
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    stack,
    cause: cause === undefined ? undefined : plainError(cause),
    simulation: factsOf(error),
  };
}

/** By its name, not its class: the scenario may have loaded another copy of this package. */
function factsOf(error: Error): PlainError['simulation'] {
  if (error.name !== 'SimulationError') return undefined;
  const { code, seed, node, atMs, property } = error as SimulationError;
  return { code, seed, node, atMs, property };
}

function errorOf({ name, message, stack, cause, simulation }: PlainError): Error {
  const inner = cause && errorOf(cause);
  const error =
    simulation === undefined
      ? Object.defineProperty(new Error(message, { cause: inner }), 'name', { value: name })
      : new SimulationError(simulation.code as SimulationErrorCode, message, {
          ...simulation,
          cause: inner,
        });
  if (stack !== undefined) error.stack = stack;
  return error;
}
