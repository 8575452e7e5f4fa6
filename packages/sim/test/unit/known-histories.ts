/** The files of linearizability/ in the folder of known answers, read into histories. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type {
  KeyValueInput,
  KeyValueOutput,
  Operation,
  RegisterInput,
  RegisterOutput,
} from '@ds/sim';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = `${process.env.DS_DATA ?? `${root}../shared/data`}/linearizability`;

/** Whether the folder is there. Where CI=true it has to be. */
export const present: boolean = existsSync(`${folder}/verdicts.json`);

export const verdicts: Record<string, boolean> = present
  ? JSON.parse(readFileSync(`${folder}/verdicts.json`, 'utf8'))
  : {};

export function filesIn(subfolder: 'jepsen' | 'kv'): string[] {
  if (!present) return [];
  return readdirSync(`${folder}/${subfolder}`).map((name) => `${subfolder}/${name}`);
}

type Mutable<Input, Output> = {
  -readonly [K in keyof Operation<Input, Output>]: Operation<Input, Output>[K];
};

/** One compare-and-set register, as etcd was tested by Jepsen. */
export function readRegisterHistory(file: string): Operation<RegisterInput, RegisterOutput>[] {
  const history: Mutable<RegisterInput, RegisterOutput>[] = [];
  const open = new Map<string, Mutable<RegisterInput, RegisterOutput>>();
  for (const [at, line] of lines(file).entries()) {
    const match = /(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.*)$/.exec(line);
    if (match === null) throw new Error(`${file}:${at + 1} is not understood: ${line}`);
    const [, process, type, kind, value] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    if (type === 'invoke') {
      const operation = {
        input: registerInput(kind, value),
        output: undefined,
        callAt: at,
        returnAt: undefined,
        process,
      };
      history.push(operation);
      open.set(process, operation);
      continue;
    }
    const operation = open.get(process)!;
    open.delete(process);
    if (type === 'info') continue;
    operation.returnAt = at;
    if (value === ':timed-out') continue;
    operation.output = registerOutput(kind, type, value);
  }
  return history;
}

const KEY_VALUE_LINE =
  /^\{:process (\d+), :type :(invoke|ok), :f :(\w+), :key "(.*)", :value (nil|"(.*)")\}$/;

/** A store of strings under keys, as the labs of MIT 6.824 were tested. */
export function readKeyValueHistory(file: string): Operation<KeyValueInput, KeyValueOutput>[] {
  const history: Mutable<KeyValueInput, KeyValueOutput>[] = [];
  const open = new Map<string, Mutable<KeyValueInput, KeyValueOutput>>();
  for (const [at, line] of lines(file).entries()) {
    const match = KEY_VALUE_LINE.exec(line);
    if (match === null) throw new Error(`${file}:${at + 1} is not understood: ${line}`);
    const [, process, type, kind, key, , value = ''] = match as unknown as [
      string,
      string,
      string,
      'get' | 'put' | 'append',
      string,
      string,
      string | undefined,
    ];
    if (type === 'invoke') {
      const input: KeyValueInput = kind === 'get' ? { kind, key } : { kind, key, value };
      const operation = { input, output: undefined, callAt: at, returnAt: undefined, process };
      history.push(operation);
      open.set(process, operation);
    } else {
      const operation = open.get(process)!;
      open.delete(process);
      operation.returnAt = at;
      operation.output = kind === 'get' ? { value } : {};
    }
  }
  return history;
}

function registerInput(kind: string, value: string): RegisterInput {
  if (kind === 'read') return { kind };
  if (kind === 'write') return { kind, value: Number(value) };
  const [from, to] = value.slice(1, -1).split(' ').map(Number);
  return { kind: 'cas', from, to };
}

function registerOutput(kind: string, type: string, value: string): RegisterOutput {
  if (kind === 'read') return { value: value === 'nil' ? null : Number(value) };
  return kind === 'cas' ? { ok: type === 'ok' } : {};
}

function lines(file: string): string[] {
  return readFileSync(`${folder}/${file}`, 'utf8').split('\n').filter(Boolean);
}
