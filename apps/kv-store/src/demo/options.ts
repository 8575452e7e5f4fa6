/** The demo's command line. */
import { parseArgs } from 'node:util';
import { DemoError } from './demo-error.ts';

export const HELP = `Runs a three-node key-value store on this machine, imports the world's cities
while nodes are being killed, added and removed, and proves that nothing was lost.

Usage: npm run demo -- [options]

  --headless       end with an exit code instead of staying up: 0 only if nothing was lost
  --json           print the result as one JSON document, as the last line
  --port PORT      the dashboard's port (default: a free one)
  --data DIR       keep the nodes' data in DIR, and go on with what an earlier run with the same
                   --records left there (default: a temporary directory, removed at the end)
  --records N      import only the first N records (default: all)
  --count-syncs    count every node's fsync and fdatasync calls from outside, with strace
  --server FILE    run another server program than the built one
  --help           show this text
`;

export interface DemoOptions {
  readonly headless: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly countSyncs: boolean;
  readonly port: number;
  readonly records: number;
  readonly data: string | undefined;
  readonly server: string | undefined;
}

/** @throws {DemoError} one sentence for whatever is not understood. */
export function readOptions(args: readonly string[]): DemoOptions {
  const { values } = parse(args);
  return {
    headless: values.headless ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
    countSyncs: values['count-syncs'] ?? false,
    port: wholeNumber('--port', values.port, 0, 65_535) ?? 0,
    records:
      wholeNumber('--records', values.records, 1_000, 10_000_000) ?? Number.POSITIVE_INFINITY,
    data: values.data,
    server: values.server,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        headless: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        'count-syncs': { type: 'boolean' },
        port: { type: 'string' },
        records: { type: 'string' },
        data: { type: 'string' },
        server: { type: 'string' },
      },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('. ')[0] : String(cause);
    throw new DemoError(`${reason}; see --help.`, { cause });
  }
}

function wholeNumber(
  name: string,
  text: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new DemoError(`${name} takes a whole number from ${least} to ${most}, not '${text}'.`);
  }
  return number;
}
