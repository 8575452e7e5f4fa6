#!/usr/bin/env node
/** `npx @ds/storage-lsm inspect DIR [--entries]`: the files of a store as text. */
import { runInspect } from '@ds/storage/node';
import { inspect } from './maintenance/inspect.ts';
import { deflateCodec } from './node.ts';

const USAGE = `usage: storage-lsm inspect DIRECTORY [--entries]

Says what the files of a store hold, and where they are damaged. Changes nothing.
  --entries  every record and entry, not only how many there are`;

runInspect(USAGE, (target) => inspect({ codecs: [deflateCodec()], ...target }));
