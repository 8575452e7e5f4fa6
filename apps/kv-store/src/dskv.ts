#!/usr/bin/env node
import { explainCliError } from './cli/exit-codes.ts';
/** The command line of the store: `dskv --help` says it all. */
import { createProgram } from './cli/program.ts';

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    const { sentence, exitCode } = explainCliError(error);
    if (sentence !== '') console.error(sentence);
    process.exitCode = exitCode;
  });
