/** The demo's command line. */
import { parseArgs } from 'node:util';
import { DemoError } from './demo-error.ts';

export const HELP = `Serves a note that several people edit at once, each in a browser.

Usage: npm run demo -- notes [options]

  --headless       open two pages in Chromium that edit apart and together, and end with an exit
                   code: 0 only if both pages and the server agree, also after a restart
  --json           with --headless: print the result as one JSON document, as the last line
  --screenshot DIR with --headless: keep pictures of the pages in DIR
  --port PORT      the page's port (default: a free one)
  --data DIR       keep the note in DIR (default: a temporary directory, removed at the end)
  --help           show this text
`;

export interface DemoOptions {
  readonly headless: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly port: number;
  readonly data: string | undefined;
  readonly screenshot: string | undefined;
}

/** @throws {DemoError} one sentence for whatever is not understood. */
export function readOptions(args: readonly string[]): DemoOptions {
  const { values } = parse(args);
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new DemoError(`--port takes a whole number from 0 to 65535, not '${values.port}'.`);
  }
  return {
    headless: values.headless ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
    port,
    data: values.data,
    screenshot: values.screenshot,
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
        port: { type: 'string' },
        data: { type: 'string' },
        screenshot: { type: 'string' },
      },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('. ')[0] : String(cause);
    throw new DemoError(`${reason}; see --help.`, { cause });
  }
}
