#!/usr/bin/env node
/** `npx @ds/raft inspect DIR [--entries]`: the files of a log as text. */
import { parseArgs } from 'node:util';
import { StorageError } from '@ds/storage';
import { nodeFileSystem } from '@ds/storage/node';
import { RaftError } from './errors.ts';
import { inspect } from './inspect.ts';

const USAGE = `usage: raft inspect DIRECTORY [--entries]

Says what the files of a log hold, and where they are damaged. Changes nothing.
  --entries  every record, not only how many there are`;

function parse(): { directory: string; entries: boolean } | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { entries: { type: 'boolean', default: false } },
    });
    const [command, directory, ...rest] = positionals;
    if (command !== 'inspect' || directory === undefined || rest.length > 0) return undefined;
    return { directory, entries: values.entries };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

const given = parse();
if (given === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  try {
    for (const line of inspect({ fileSystem: nodeFileSystem(), ...given })) console.log(line);
  } catch (error) {
    if (!(error instanceof StorageError || error instanceof RaftError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
