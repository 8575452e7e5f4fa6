#!/usr/bin/env node
/** `npx @ds/raft inspect DIR [--entries]`: the files of a log as text. */
import { runInspect } from '@ds/storage/node';
import { inspect } from './log/inspect.ts';

const USAGE = `usage: raft inspect DIRECTORY [--entries]

Says what the files of a log hold, and where they are damaged. Changes nothing.
  --entries  every record, not only how many there are`;

runInspect(USAGE, inspect);
