/** The program of a worker thread: loads the scenario, then runs the seeds it is handed. */
import { parentPort, workerData } from 'node:worker_threads';
import { collectFailures, replayLine, type Scenario } from './runner/explore.ts';
import {
  type PlainFailure,
  plainError,
  plainFailure,
  type Report,
  type Task,
  type ThreadSettings,
} from './runner/thread-messages.ts';

const { scenario: url, command } = workerData as ThreadSettings;
const loaded = load();
// A module that fails to load is told of with the first seed.
loaded.catch(() => {});

function report(message: Report): void {
  parentPort?.postMessage(message);
}

async function load(): Promise<Scenario<unknown>> {
  const module = (await import(url)) as { scenario?: unknown };
  if (typeof module.scenario !== 'function') {
    throw new TypeError(`${url} exports no function named scenario`);
  }
  return module.scenario as Scenario<unknown>;
}

async function run({ seed, shrinkRuns }: Task): Promise<Report> {
  const scenario = await loaded;
  let result: unknown;
  const { failures } = await collectFailures({
    scenario: (...args) => {
      report({ kind: 'called' });
      return scenario(...args);
    },
    seeds: 1,
    firstSeed: seed,
    shrinkRuns,
    ...(command !== undefined && { command }),
    onRun: (_seed, value) => (result = value),
  });
  const [failure] = failures;
  if (failure !== undefined) return { kind: 'failed', failure: plainFailure(failure) };
  return { kind: 'passed', result };
}

/** What cannot be told: a module that does not load, a result or a trace that no clone can hold. */
function unspeakable(seed: number, error: unknown): PlainFailure {
  const replay = replayLine(seed, command);
  return { seed, error: plainError(error), replay, traceHash: undefined, shrunk: undefined };
}

parentPort?.on('message', async (task: Task) => {
  try {
    report(await run(task));
  } catch (error) {
    report({ kind: 'failed', failure: unspeakable(task.seed, error) });
  }
});
