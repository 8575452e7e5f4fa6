/** `inspect DIRECTORY [--entries]`: the program that whatever keeps files offers for looking at them. */
import { parseArgs } from 'node:util';
import type { FileSystem } from './file-system.ts';
import { nodeFileSystem } from './node-file-system.ts';

/** What to look at. */
export interface InspectTarget {
  readonly fileSystem: FileSystem;
  /** As it was given. */
  readonly directory: string;
  /** Everything, not only how much there is. */
  readonly entries: boolean;
}

/**
 * Runs the arguments of this process: prints the lines of `inspect`; for arguments that make no
 * sense `usage`, with exit code 2; for an error that has a code its sentence, with exit code 1.
 */
export function runInspect(
  usage: string,
  inspect: (target: InspectTarget) => Iterable<string>,
): void {
  const target = parse();
  if (target === undefined) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  try {
    for (const line of inspect(target)) process.stdout.write(`${line}\n`);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

function parse(): InspectTarget | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { entries: { type: 'boolean', default: false } },
    });
    const [command, directory, ...rest] = positionals;
    if (command !== 'inspect' || directory === undefined || rest.length > 0) return undefined;
    return { fileSystem: nodeFileSystem(), directory, entries: values.entries };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}
