// Children of the root commands: one way to listen to them, one way to hand the terminal to them.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const FORCE_AFTER_MS = 1_000;
const PARENT_CHECK_MS = 250;

/** The environment for tools: without what the surrounding `npm run` put in for its own use. */
export function toolEnvironment(extra = {}) {
  const own =
    /^(npm_(lifecycle|package|command|execpath|node_execpath|config_local_prefix)|INIT_CWD)/;
  const entries = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(entries), ...extra };
}

/**
 * Runs a tool to its end and keeps what it printed, both streams in one.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number,
 *   onText?: (text: string) => void }} [options]
 * @returns {Promise<{ code: number, output: string, stdout: string }>}
 */
export function capture(command, args, { cwd, env, timeoutMs, onText } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: toolEnvironment({ NO_COLOR: '1', FORCE_COLOR: '0', ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let stdout = '';
    const keep = (/** @type {string} */ text) => {
      output += text;
      onText?.(text);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      keep(text);
    });
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => resolve({ code: 1, output: `${output}${error}\n`, stdout }));
    child.on('close', (code, signal) => {
      const late = signal === 'SIGKILL' && timeoutMs !== undefined;
      const ending = late ? `${output}still running after ${timeoutMs / 1_000} s\n` : output;
      resolve({ code: code ?? 1, output: ending, stdout });
    });
  });
}

/**
 * Hands the terminal to a program until it ends; resolves to its exit code.
 *
 * The program leads a process group of its own: a Ctrl-C reaches it once, through us, and not a
 * second time from the terminal or from npm. Another Ctrl-C, a second later or more, ends it by
 * force. When it is gone, whatever it has left behind in the group goes too, and after a signal so
 * do we: what would have come next is not wanted any more.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 * @returns {Promise<number>}
 */
export function handOver(command, args, { cwd, env } = {}) {
  return new Promise((resolve) => {
    const options = { cwd, env: toolEnvironment(env), detached: true };
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
    let firstSignalMs = 0;
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      if (firstSignalMs === 0) {
        firstSignalMs = Date.now();
        child.kill(signal);
      } else if (Date.now() - firstSignalMs >= FORCE_AFTER_MS) endGroup(child.pid);
    };
    const sweep = () => endGroup(child.pid);
    const orphaned = onceOrphaned(() => forward('SIGTERM'));
    const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
    for (const signal of signals) process.on(signal, forward);
    process.on('exit', sweep);
    const end = (/** @type {number} */ code) => {
      for (const signal of signals) process.off(signal, forward);
      process.off('exit', sweep);
      clearInterval(orphaned);
      sweep();
      if (firstSignalMs > 0) process.exit(code);
      resolve(code);
    };
    child.on('error', (error) => {
      console.error(String(error));
      end(1);
    });
    child.on('close', (code, signal) => end(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}

/**
 * A signal to `npm run` ends npm and the shell between us, and never gets here: what can be seen is
 * that the parent is gone.
 * @param {() => void} act
 */
function onceOrphaned(act) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    act();
  }, PARENT_CHECK_MS);
  return watch.unref();
}

/** @param {number | undefined} leader */
function endGroup(leader) {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // Nobody is left in the group: what this was for.
    if (error.code !== 'ESRCH') throw error;
  }
}
