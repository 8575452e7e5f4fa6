#!/usr/bin/env node
/** `npx @ds/storage-btree inspect DIR [--entries]`: the files of a store as text. */
import { basename, dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { StorageError } from '@ds/storage';
import { nodeFileSystem } from '@ds/storage/node';
import { DATA_NAME } from './file-names.ts';
import { inspect } from './inspect.ts';

const USAGE = `usage: storage-btree inspect FILE [--entries]

Says what the files of a store hold, page by page, and where they are damaged. Changes nothing.
FILE is the directory of the store, or the ${DATA_NAME} in it.
  --entries  every entry, not only how many there are`;

function parse(): { directory: string; entries: boolean } | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { entries: { type: 'boolean', default: false } },
    });
    const [command, path, ...rest] = positionals;
    if (command !== 'inspect' || path === undefined || rest.length > 0) return undefined;
    const directory = basename(path) === DATA_NAME ? dirname(path) : path;
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
    for (const line of inspect({ fileSystem: nodeFileSystem(), ...given })) {
      process.stdout.write(`${line}\n`);
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
