/** Reads the scripts of etcd-raft/ in the folder of known answers: commands and what they print. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = `${process.env.DS_DATA ?? `${root}../shared/data`}/etcd-raft`;

/** Whether the folder is there. Where CI=true it has to be. */
export const present: boolean = existsSync(`${folder}/quorum`);

export interface Command {
  readonly line: number;
  readonly name: string;
  /** `key=value` and `key=(a, b)`, the latter as a list. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** The lines between the command and `----`. */
  readonly body: readonly string[];
  /** Without trailing white space. */
  readonly output: string;
}

export function scriptsIn(part: 'quorum' | 'confchange'): string[] {
  if (!present) return [];
  return readdirSync(`${folder}/${part}/testdata`).map((name) => `${part}/testdata/${name}`);
}

export function readScript(file: string): Command[] {
  const lines = readFileSync(`${folder}/${file}`, 'utf8').split('\n');
  const commands: Command[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    if (lines[at]!.trim() === '' || lines[at]!.startsWith('#')) continue;
    const line = at + 1;
    const head = lines[at]!;
    const divider = lines.indexOf('----', at);
    let end = divider + 1;
    while (end < lines.length && lines[end] !== '') end += 1;
    commands.push({
      line,
      name: head.split(' ', 1)[0]!,
      options: optionsOf(head),
      body: lines.slice(at + 1, divider),
      output: trimmed(lines.slice(divider + 1, end)),
    });
    at = end;
  }
  return commands;
}

function optionsOf(head: string): ReadonlyMap<string, readonly string[]> {
  const options = new Map<string, readonly string[]>();
  for (const [, key, list, single] of head.matchAll(/(\w+)=(?:\(([^)]*)\)|(\S+))/g)) {
    const values = list === undefined ? [single!] : list.split(',').map((value) => value.trim());
    options.set(key!, values);
  }
  return options;
}

export function trimmed(lines: readonly string[]): string {
  return lines.map((line) => line.trimEnd()).join('\n');
}
