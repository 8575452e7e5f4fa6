/**
 * One node as a process: options in, one line when it is ready, good order at the end, and for
 * everything that can go wrong at the start one sentence and an exit code of its own.
 */
import { systemClock } from '@ds/clock';
import { explainFailure } from './server-failure.ts';
import { parseServerOptions, SERVER_USAGE, UsageError } from './server-options.ts';
import { type RunningServer, startServer } from './start-server.ts';

const FAILURE_CHECK_MS = 500;
/** A last resort, far above what an orderly end takes. */
const STOP_WITHIN_MS = 10_000;

async function main(): Promise<void> {
  const options = parseServerOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(SERVER_USAGE);
    return;
  }
  const server = await startServer(options);
  const { id, data, supervised } = options;
  const doors = [server.url, ...(server.binaryUrl === undefined ? [] : [server.binaryUrl])];
  const clients = `clients at ${doors.join(' and ')}`;
  console.log(`${id} is ready: ${clients}, ${server.peerAddress}data in ${data}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(server, 0));
  if (supervised) obeyStandardInput(server);
  if (process.send !== undefined) {
    process.on('message', (message) => obey(server, (message as { type?: unknown } | null)?.type));
    process.once('disconnect', () => stop(server, 0));
  }
  watchFailure(server);
}

let stopping = false;

function stop(server: RunningServer, exitCode: number): void {
  if (stopping) return;
  stopping = true;
  process.exitCode = exitCode;
  const deadline = systemClock.setTimer(STOP_WITHIN_MS, () => process.exit(exitCode || 1));
  server
    .close({ transfer: exitCode === 0 })
    .catch((error) => fail(error))
    .finally(() => {
      deadline.cancel();
      // What a supervisor holds open (its pipe, its channel) would keep the process alive.
      process.exit();
    });
}

function obey(server: RunningServer, command: unknown): void {
  if (command === 'isolate') server.isolate();
  else if (command === 'rejoin') server.rejoin();
  else console.error(`no such command: ${String(command)}`);
}

function obeyStandardInput(server: RunningServer): void {
  let rest = '';
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!.slice(-1_000);
    for (const line of lines) if (line.trim() !== '') obey(server, line.trim());
  });
  process.stdin.on('end', () => stop(server, 0));
}

/** A node whose disk has failed is of no use until it is restarted: it says so and ends. */
function watchFailure(server: RunningServer): void {
  systemClock.setTimer(FAILURE_CHECK_MS, () => {
    const { failure } = server;
    if (failure === undefined) return watchFailure(server);
    console.error(`The node stops, since it can no longer write its log: ${failure}`);
    stop(server, 5);
  });
}

function fail(error: unknown): void {
  const { sentence, exitCode } = explainFailure(error);
  console.error(sentence);
  process.exitCode = exitCode;
}

main().catch((error) => {
  fail(error);
  if (error instanceof UsageError) console.error('Try --help.');
  process.exit();
});
