// The entry of every root command: `npm run demo|bench|soak|planted` and `npm test`.
//
// A newcomer has Node and npm and nothing else, so this file and all it imports need no dependency:
// they install the dependencies, build what the command needs, and only then hand over. Both are
// skipped when nothing has changed. A failure ends in one sentence that says what to do about it.
// Progress goes to the error stream: the output belongs to the command, and its last line is JSON
// when `--json` asks for it.

const OLDEST_NODE = [20, 19];
const COMMANDS = ['demo', 'test', 'bench', 'soak', 'planted'];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  stop(`This needs Node ${OLDEST_NODE.join('.')} or newer; this is Node ${process.versions.node}.`);
}
const [command, ...args] = process.argv.slice(2);
if (!COMMANDS.includes(command)) stop(`usage: npm run ${COMMANDS.join('|')} [-- ARGUMENTS]`);

process.env.TURBO_TELEMETRY_DISABLED = '1';
process.env.DO_NOT_TRACK = '1';
if (!process.stdout.isTTY) process.env.NO_COLOR = '1';

// Loaded only now: an old Node would stop at their syntax instead of at the sentence above.
const { Stop } = await import('./setup/stop.mjs');
try {
  const { install } = await import('./setup/install.mjs');
  await install();
  const { run } = await import(`./commands/${command}.mjs`);
  process.exitCode = await run(args);
} catch (error) {
  if (error?.code === 'ENOSPC')
    stop('The disk is full: free some space and run the command again.');
  if (!(error instanceof Stop)) throw error;
  stop(error.message);
}

/** @param {string} sentence */
function stop(sentence) {
  console.error(`\n${sentence}`);
  process.exit(1);
}
