/** The commands, their options and their help. What they do is in the files beside this one. */
import { buffer } from 'node:stream/consumers';
import { Command, InvalidArgumentError, Option } from 'commander';
import { KvClient, type WriteCallOptions } from '../client.ts';
import { KvError } from '../errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { type ImportOptions, runImport } from './import.ts';
import { printEntry, printMembers, printStatus, writeOut } from './output.ts';

const DEFAULT_ENDPOINTS = 'http://127.0.0.1:7101,http://127.0.0.1:7102,http://127.0.0.1:7103';

const EXAMPLES = `
Examples:
  dskv put greeting hello                     write a value
  dskv get greeting                           read it back, from any node
  dskv put greeting hi --if-version 12        only if nobody wrote it since version 12
  dskv put lock mine --if-absent              only if nobody holds it
  cat photo.jpg | dskv put photos/1 -         a value from standard input, any bytes
  dskv scan --prefix photos/ --keys-only      what is there
  dskv import cities.tsv --key geonameid      one entry per line, with a progress bar
  dskv status                                 who leads, and how far everyone is
  dskv add-node n4                            take in a node that was started with --join
  DSKV_ENDPOINTS=http://10.0.0.1:7101 dskv get greeting

${EXIT_CODES}`;

interface GlobalOptions {
  readonly endpoints: string;
  readonly timeout: number;
}

interface ConditionOptions {
  readonly ifVersion?: number;
  readonly ifExists?: true;
  readonly ifAbsent?: true;
}

/** Every command; it throws what goes wrong and exits nowhere. */
export function createProgram(): Command {
  const program = new Command('dskv')
    .description('Reads and writes a linearizable, replicated key-value store.')
    .addOption(
      new Option('-e, --endpoints <urls>', 'the nodes, separated by commas; any of them will do')
        .env('DSKV_ENDPOINTS')
        .default(DEFAULT_ENDPOINTS),
    )
    .option('--timeout <ms>', 'give up after this long, retries included', positive, 15_000)
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(dskv --help explains)')
    .enablePositionalOptions()
    .exitOverride();
  addReads(program);
  addWrites(program);
  addImport(program);
  addStatus(program);
  addMembers(program);
  // Commands made later inherit nothing: each must throw instead of exiting as well.
  for (const command of program.commands) command.exitOverride();
  return program;
}

function addReads(program: Command): void {
  program
    .command('get <key>')
    .description('Prints the value, byte for byte.')
    .option('--stale', 'take what the first node to answer has, without asking the others')
    .option('--json', 'print { key, value, version } instead')
    .addHelpText(
      'after',
      '\nExamples:\n  dskv get photos/1 > photo.jpg\n  dskv get greeting --json\n',
    )
    .action(async (key: string, options: { stale?: true; json?: true }) => {
      await withClient(program, async (client, signal) => {
        const consistency = options.stale ? 'stale' : 'linearizable';
        const found = await client.get(key, { consistency, signal });
        if (found === undefined) throw new KvError('KV_NOT_FOUND', `there is no key '${key}'`);
        if (options.json) return printEntry({ key: Buffer.from(key), ...found }, 'json');
        await writeOut(found.value);
      });
    });
  program
    .command('scan')
    .description('Lists entries in the order of their keys.')
    .option('-p, --prefix <text>', 'only keys that start with this')
    .option('-a, --after <key>', 'only keys after this one')
    .option('-n, --limit <count>', 'at most this many', positive)
    .option('--stale', 'take what the first node to answer has')
    .option('--keys-only', 'print keys alone')
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      '\nExamples:\n  dskv scan -p user/ -n 10\n  dskv scan --json > backup.jsonl\n',
    )
    .action(async (options: ScanOptions) => {
      await withClient(program, async (client, signal) => {
        const { limit = Number.POSITIVE_INFINITY, prefix, after } = options;
        const form = options.json ? 'json' : options.keysOnly ? 'keys' : 'text';
        const consistency = options.stale ? 'stale' : 'linearizable';
        const pageSize = Math.min(limit, 500);
        let count = 0;
        for await (const entry of client.scan({ prefix, after, consistency, pageSize, signal })) {
          await printEntry(entry, form);
          if (++count >= limit) break;
        }
      });
    });
}

interface ScanOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
  readonly stale?: true;
  readonly keysOnly?: true;
  readonly json?: true;
}

function addWrites(program: Command): void {
  withConditions(program.command('put <key> <value>'))
    .description('Writes a value and prints its version. The value "-" reads standard input.')
    .addHelpText(
      'after',
      '\nExamples:\n  dskv put greeting hello\n  dskv put photos/1 - < photo.jpg\n',
    )
    .action(async (key: string, value: string, options: ConditionOptions) => {
      const bytes = value === '-' ? await buffer(process.stdin) : value;
      await withClient(program, async (client, signal) => {
        const { version } = await client.put(key, bytes, { ...conditionOf(options), signal });
        await writeOut(`${version}\n`);
      });
    });
  withConditions(program.command('delete <key>'))
    .description('Deletes a key; exits with 1 when it was not there.')
    .action(async (key: string, options: ConditionOptions) => {
      await withClient(program, async (client, signal) => {
        const { deleted } = await client.delete(key, { ...conditionOf(options), signal });
        if (!deleted) throw new KvError('KV_NOT_FOUND', `there was no key '${key}'`);
      });
    });
}

function addImport(program: Command): void {
  program
    .command('import <file>')
    .description(
      'Writes one entry per line of a JSON lines, CSV or TSV file. The key is the column or field\n' +
        'named by --key; the value is the whole record as JSON, or the one named by --value.\n' +
        'An import that was interrupted goes on where it stopped when it is started again.',
    )
    .requiredOption('-k, --key <column>', 'the column or field that becomes the key')
    .option('-v, --value <column>', 'store this column alone instead of the whole record')
    .option('-p, --prefix <text>', 'put this before every key', '')
    .addOption(
      new Option('-f, --format <format>', 'by default what the file name says').choices([
        'jsonl',
        'csv',
        'tsv',
      ]),
    )
    .option('--columns <names>', 'column names, separated by commas, for a file without a header')
    .option('-c, --concurrency <count>', 'writes under way at one time', positive, 64)
    .option('--restart', 'begin at the first line even if an earlier import was interrupted')
    .addHelpText(
      'after',
      '\nExamples:\n  dskv import users.jsonl --key id --prefix user/\n' +
        '  dskv import cities.tsv --key 0 --columns 0,name,country --concurrency 128\n',
    )
    .action(async (file: string, options: Omit<ImportOptions, 'file'>) => {
      await withClient(program, (client, signal) =>
        runImport(client, { ...options, file }, signal),
      );
    });
}

function addStatus(program: Command): void {
  program
    .command('status')
    .description(
      'Shows every node: role, term, log positions, throughput. Exits with 3 without a leader.',
    )
    .option('--json', 'print what the nodes said')
    .action(async (options: { json?: true }) => {
      await withClient(program, async (client, signal) => {
        const { endpoints } = program.opts<GlobalOptions>();
        await printStatus(
          endpoints.split(','),
          await client.status({ signal }),
          options.json === true,
        );
      });
    });
}

function addMembers(program: Command): void {
  program
    .command('add-node <name>')
    .description(
      'Takes a node that was started with --join into the cluster: it is sent the data, then it\n' +
        'votes. Prints the members. Doing it once more changes nothing.',
    )
    .option('--learner', 'it gets the data, but no vote')
    .addHelpText('after', '\nExample:\n  dskv add-node n4\n')
    .action(async (name: string, options: { learner?: true }) => {
      await withClient(program, async (client, signal) => {
        const as = options.learner ? 'learner' : 'voter';
        await printMembers(await client.changeMember(name, as, { signal }));
      });
    });
  program
    .command('remove-node <name>')
    .description('Removes a node for good, and prints the members that are left.')
    .action(async (name: string) => {
      await withClient(program, async (client, signal) => {
        await printMembers(await client.changeMember(name, 'removed', { signal }));
      });
    });
}

function withConditions(command: Command): Command {
  return command
    .addOption(
      new Option('--if-version <version>', 'only if the key has this version')
        .argParser(positive)
        .conflicts(['ifExists', 'ifAbsent']),
    )
    .addOption(new Option('--if-exists', 'only if the key exists').conflicts('ifAbsent'))
    .option('--if-absent', 'only if the key does not exist');
}

function conditionOf({ ifVersion, ifExists, ifAbsent }: ConditionOptions): WriteCallOptions {
  return { ifVersion, ifExists: ifExists ?? (ifAbsent ? false : undefined) };
}

/** Runs `work` with a client that is closed afterwards; Ctrl-C aborts it in good order. */
async function withClient(
  program: Command,
  work: (client: KvClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { endpoints, timeout } = program.opts<GlobalOptions>();
  const interrupt = new AbortController();
  const abort = (): void => interrupt.abort();
  process.once('SIGINT', abort);
  try {
    await using client = openClient(endpoints, timeout);
    await work(client, interrupt.signal);
  } finally {
    process.off('SIGINT', abort);
  }
}

function openClient(endpoints: string, timeoutMs: number): KvClient {
  try {
    return new KvClient({ endpoints: endpoints.split(','), timeoutMs, maxSockets: 256 });
  } catch (error) {
    throw new KvError('KV_BAD_REQUEST', (error as Error).message);
  }
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('It is a whole number of at least 1.');
}
