#!/usr/bin/env node
/** `npx @ds/storage-btree inspect DIR [--entries]`: the files of a store as text. */
import { basename, dirname } from 'node:path';
import { runInspect } from '@ds/storage/node';
import { DATA_NAME } from './file-names.ts';
import { inspect } from './reading/inspect.ts';

const USAGE = `usage: storage-btree inspect FILE [--entries]

Says what the files of a store hold, page by page, and where they are damaged. Changes nothing.
FILE is the directory of the store, or the ${DATA_NAME} in it.
  --entries  every entry, not only how many there are`;

runInspect(USAGE, ({ directory: path, ...target }) => {
  const directory = basename(path) === DATA_NAME ? dirname(path) : path;
  return inspect({ ...target, directory });
});
