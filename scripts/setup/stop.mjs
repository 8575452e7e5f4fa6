// What went wrong, said in one sentence to the person at the terminal: no stack, no tool's jargon.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCRATCH } from './workspace.mjs';

export class Stop extends Error {}

const DISK_FULL = {
  sign: /ENOSPC|no space left on device/i,
  sentence: 'The disk is full: free some space and run the command again.',
};
const LOCKFILE_DIFFERS = {
  sign: /ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_LOCKFILE/,
  sentence:
    'pnpm-lock.yaml does not match a package.json: run `npx pnpm@10 install`, commit the result.',
};
const NOT_ALLOWED = {
  sign: /EACCES|EPERM|EROFS/,
  sentence: 'A file could not be written: check who owns this folder and the package cache.',
};
const NO_REGISTRY = {
  sign: new RegExp(
    [
      ...['ENOTFOUND', 'ECONNREFUSED', 'ECONNRESET', 'EAI_AGAIN', 'ETIMEDOUT', 'ENETUNREACH'],
      ...['EHOSTUNREACH', 'ERR_SOCKET_TIMEOUT', 'ERR_PNPM_META_FETCH_FAIL', 'ERR_PNPM_FETCH'],
      ...['FETCH_ERROR', 'UND_ERR', 'CERT_'],
    ].join('|'),
  ),
  sentence:
    'The package registry cannot be reached: check the network and `npm config get registry`.',
};

/** In the order of their certainty: a full disk also breaks downloads. */
export const INSTALL_CAUSES = [DISK_FULL, LOCKFILE_DIFFERS, NOT_ALLOWED, NO_REGISTRY];
/** Compilers print source code, in which any word may stand. */
export const BUILD_CAUSES = [DISK_FULL];

/**
 * The sentence for a step that failed, from what its tools printed; all of that goes into a log.
 * @param {string} step what was being done, as in "installing the dependencies"
 * @param {string} output what the tools printed
 * @param {string} logName
 * @param {{ sign: RegExp, sentence: string }[]} causes what it may have been
 */
export function explain(step, output, logName, causes) {
  const cause = causes.find(({ sign }) => sign.test(output));
  const sentence = cause?.sentence ?? `Something went wrong while ${step}.`;
  const logFile = keepLog(output, logName);
  return new Stop(logFile ? `${sentence} The whole log: ${logFile}` : sentence);
}

/** Undefined where the log cannot be kept: a full disk is the very thing to be reported. */
function keepLog(output, logName) {
  const logFile = join(SCRATCH, logName);
  try {
    mkdirSync(SCRATCH, { recursive: true });
    writeFileSync(logFile, output);
    return logFile;
  } catch {
    return undefined;
  }
}
