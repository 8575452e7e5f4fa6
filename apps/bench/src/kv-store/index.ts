/**
 * The whole store as three processes with fsync on, beside etcd as three processes with fsync on.
 *
 * etcd is measured when it is on the PATH (Debian: `apt install etcd-server`), over its gRPC
 * gateway in JSON, the nearest thing to our HTTP that it offers; its own gRPC is faster than that.
 * It also keeps every version of every key, which we do not.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Bench } from '../bench.ts';

export const bench: Bench = {
  package: 'kv-store',
  ours: 'ours',
  peers: isOnPath('etcd') ? ['etcd'] : [],
  measures: [
    { name: 'puts, 1 client', unit: 'puts/s', better: 'higher', target: 'ratio >= 1.2' },
    { name: 'puts, 64 clients', unit: 'puts/s', better: 'higher', target: 'ratio >= 2' },
    { name: 'puts, 256 clients', unit: 'puts/s', better: 'higher', target: 'ratio >= 2' },
    {
      name: 'linearizable reads, 1 client',
      unit: 'reads/s',
      better: 'higher',
      target: 'ratio >= 3',
    },
    {
      name: 'linearizable reads, 64 clients',
      unit: 'reads/s',
      better: 'higher',
      target: 'ratio >= 3',
    },
    {
      name: 'linearizable reads, 256 clients',
      unit: 'reads/s',
      better: 'higher',
      target: 'ratio >= 3',
    },
    { name: 'server CPU per put, 1 client', unit: 'us', better: 'lower', target: 'ratio >= 2' },
    { name: 'server CPU per put, 64 clients', unit: 'us', better: 'lower', target: 'ratio >= 2' },
    { name: 'server CPU per put, 256 clients', unit: 'us', better: 'lower', target: 'ratio >= 2' },
  ],
};

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
