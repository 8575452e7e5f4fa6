/**
 * Who holds a lock, and whether they are still alive: what Node can find out about a process.
 *
 * A process id alone says little, since ids are used again. An owner is therefore its id together
 * with the start time of the process, the boot of the machine, and the pid namespace in which the
 * id means anything. Where the evidence does not decide, the answer is `'unknown'`, and the lock is
 * respected.
 *
 * Linux tells everything through /proc. Elsewhere `ps` tells the start time; without it an id that
 * was used again passes for the owner, which errs on the safe side.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';

/** An owner as its record names it; `null` is what the host does not tell. */
export interface Owner {
  readonly pid: number;
  /** When the process started: on Linux in clock ticks after boot, elsewhere as `ps` prints it. */
  readonly startTime: string | null;
  readonly bootId: string | null;
  readonly pidNamespace: string | null;
  readonly host: string;
}

export type Liveness = 'alive' | 'dead' | 'unknown';

let self: Owner | undefined;

/** This process. */
export function thisOwner(): Owner {
  self ??= {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    bootId: bootId(),
    pidNamespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
    host: hostname(),
  };
  return self;
}

/** Whether `owner`, which locked something in `directory`, still runs. */
export function livenessOf(owner: Owner, directory: string): Liveness {
  const here = thisOwner();
  if (owner.bootId !== here.bootId && owner.bootId !== null && here.bootId !== null) {
    // Nobody outlives a reboot; but a directory on a network may be locked by another machine.
    return owner.host === here.host || !isSharedByHosts(directory) ? 'dead' : 'unknown';
  }
  if (owner.bootId !== here.bootId) return 'unknown';
  if (owner.bootId === null && owner.host !== here.host) return 'unknown';
  if (owner.pidNamespace !== here.pidNamespace) return 'unknown';
  if (!hasProcess(owner.pid)) return 'dead';
  const startTime = startTimeOf(owner.pid);
  if (startTime === ENDED) return 'dead';
  return startTime === null || owner.startTime === null || startTime === owner.startTime
    ? 'alive'
    : 'dead';
}

/** The start time of a process that has ended and waits for its parent to notice. */
const ENDED = 'ended';

function startTimeOf(pid: number): string | null {
  if (process.platform === 'linux') {
    const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
    if (stat === null) return null;
    // The second field is the command in parentheses, and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    // The 22nd field of the whole line.
    return state === 'Z' || state === 'X' ? ENDED : (fields[19] ?? null);
  }
  if (process.platform === 'win32') return null;
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  return attempt(() =>
    execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env }).trim(),
  );
}

function bootId(): string | null {
  if (process.platform === 'linux') {
    return attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  }
  if (process.platform !== 'darwin') return null;
  return attempt(() =>
    execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim(),
  );
}

/** Signal 0 only asks. A refusal (EPERM) means that there is a process, of somebody else. */
function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * What several machines may have mounted at once, by statfs(2)'s numbers: NFS, SMB, SMB2, CIFS,
 * Ceph, AFS, 9P, VirtualBox, OCFS2, GFS2, Lustre, and FUSE, behind which any of them may be.
 */
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xfe534d42, 0xff534d42, 0x00c36400, 0x5346414f, 0x01021997, 0x786f4256,
  0x7461636f, 0x01161970, 0x0bd00bd0, 0x65735546,
]);

function isSharedByHosts(directory: string): boolean {
  const type = attempt(() => statfsSync(directory).type);
  return type === null || process.platform !== 'linux' || NETWORK_FILE_SYSTEMS.has(type >>> 0);
}

/** What the host tells, or `null` where it has no such thing or refuses. */
function attempt<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch {
    return null;
  }
}
