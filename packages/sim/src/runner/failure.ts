/** A failing seed, and how people are told of it: what broke, and the one line that runs it again. */

import { SimulationError } from '../errors.ts';
import { diagramSvg } from '../pictures/diagram.ts';
import { traceLines } from '../pictures/trace-lines.ts';
import type { ScheduledStep } from './schedule.ts';
import { isDelay, isMessage, type Shrunk } from './shrink.ts';

export interface Failure {
  readonly seed: number;
  readonly error: unknown;
  /** The one line that runs it again. */
  readonly replay: string;
  /** Of the whole run, when the scenario made its world with the schedule. */
  readonly traceHash: string | undefined;
  /** The first failure made small, when the scenario made its world with the schedule. */
  readonly shrunk: Shrunk | undefined;
}

export interface Exploration {
  readonly runs: number;
  readonly failures: readonly Failure[];
}

/** Takes the shrunk run's trace (JSON lines) and space-time diagram (SVG); names tell the seed. */
export type ArtifactListener = (name: string, content: string) => void;

/** Hands out the pictures of a shrunk failure. */
export function giveArtifacts({ seed, shrunk }: Failure, onArtifact: ArtifactListener): void {
  if (shrunk === undefined) return;
  onArtifact(`seed-${seed}.jsonl`, traceLines(shrunk.trace));
  const title = `seed ${seed}, shrunk to ${shrunk.events} events`;
  onArtifact(`seed-${seed}.svg`, diagramSvg(shrunk.trace, { title }));
}

/** The exploration itself when nothing failed. @throws {SimulationError} `SIM_SCENARIO_FAILED` */
export function throwFailures(exploration: Exploration, note = ''): Exploration {
  const { failures, runs } = exploration;
  const [first] = failures;
  if (first === undefined) return exploration;
  const { seed, error, replay } = first;
  const seeds = failures.map((failure) => failure.seed).join(', ');
  throw new SimulationError(
    'SIM_SCENARIO_FAILED',
    `${failures.length} of ${runs} runs failed (seeds ${seeds}); replay with: ${replay}\n` +
      `seed ${seed}: ${messageOf(error)}${describe(first)}${note}`,
    { seed, cause: error, node: nodeOf(error), property: propertyOf(error) },
  );
}

function describe({ traceHash, shrunk, error }: Failure): string {
  const lines: string[] = [];
  const property = propertyOf(error);
  if (property !== undefined) lines.push(`violated: ${property}`);
  if (traceHash !== undefined) lines.push(`trace hash: ${traceHash}`);
  if (shrunk !== undefined) {
    const { steps, original, runs, events, minimal } = shrunk;
    const told = steps.filter(({ name }) => !isMessage(name));
    const isFault = ({ name }: ScheduledStep): boolean => !isMessage(name) && !isDelay(name);
    const [all, faults] = [original.filter(isFault), told.filter(isFault)];
    const least = minimal ? 'none can be spared' : 'the runs ran out';
    lines.push(
      `shrunk from ${all.length} to ${faults.length} steps in ${runs} runs (${least}), ` +
        `${events} events:`,
      ...told.map(({ name, atMs }) => `  ${atMs.toFixed(3)} ms: ${name}`),
      `  then: ${messageOf(shrunk.error)}`,
      `this run again: only = ${JSON.stringify(steps.map(({ name }) => name))}`,
    );
  }
  return lines.map((line) => `\n${line}`).join('');
}

function propertyOf(error: unknown): string | undefined {
  return error instanceof SimulationError ? error.property : undefined;
}

function nodeOf(error: unknown): string | undefined {
  return error instanceof SimulationError ? error.node : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
