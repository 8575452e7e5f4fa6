#!/usr/bin/env node
/** `npx @ds/storage-lsm inspect DIR [--entries]`: the files of a store as text. */
import { parseArgs } from 'node:util';
import { StorageError } from '@ds/storage';
import { nodeFileSystem } from '@ds/storage/node';
import { inspect } from './inspect.ts';
import { deflateCodec } from './node.ts';

const USAGE = `usage: storage-lsm inspect DIRECTORY [--entries]

Says what the files of a store hold, and where they are damaged. Changes nothing.
  --entries  every record and entry, not only how many there are`;

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
    const options = { fileSystem: nodeFileSystem(), codecs: [deflateCodec()], ...given };
    for (const line of inspect(options)) process.stdout.write(`${line}\n`);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
