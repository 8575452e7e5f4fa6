/**
 * Who may import whom, in what is published or run. Tests may use more: turbo's boundaries, which
 * cannot tell a test from the product, allow for that, and this rule does not.
 *
 * ```
 * apps        anything below; never another app
 * mechanisms  ports and values
 * drivers     ports and values; sim: ports
 * values      ports: of transport and storage only the types
 * ports       clock: nothing; transport and storage: clock
 * ```
 */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { importsOf } from './imports.ts';
import { type Fault, fault, type Source } from './sources.ts';

export type Layer = 'port' | 'value' | 'driver' | 'mechanism' | 'app';

/** A package or an app, as its package.json and its turbo.json describe it. */
export interface Member {
  readonly name: string;
  readonly layer: Layer;
  /** The folder from the root, as in `packages/raft`. */
  readonly folder: string;
  /** What its users install along with it. */
  readonly dependencies: readonly string[];
}

type Verdict = 'yes' | 'types' | 'no';

/** Whether `from` may import `to`, both being packages of this repository. */
export function mayImport(from: Member, to: Member): Verdict {
  if (from.name === to.name) return 'yes';
  if (to.layer === 'app') return 'no';
  if (from.layer === 'app') return 'yes';
  if (from.layer === 'port') return to.name === '@ds/clock' ? 'yes' : 'no';
  if (from.layer === 'value') {
    if (to.layer !== 'port') return 'no';
    return to.name === '@ds/clock' ? 'yes' : 'types';
  }
  if (from.name === '@ds/sim') return to.layer === 'port' ? 'yes' : 'no';
  return to.layer === 'port' || to.layer === 'value' ? 'yes' : 'no';
}

/** The arrows in one file of `member` that point where they must not. */
export function wrongArrows(source: Source, member: Member, all: readonly Member[]): Fault[] {
  return importsOf(source).flatMap(({ specifier, typeOnly, position }) => {
    const wrong = whyNot(specifier, typeOnly, source.file, member, all);
    return wrong ? [fault(source, position, wrong)] : [];
  });
}

function whyNot(
  specifier: string,
  typeOnly: boolean,
  file: string,
  member: Member,
  all: readonly Member[],
): string | undefined {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    const home = file.split('/').slice(0, 3).join('/');
    return target.startsWith(`${home}/`) ? undefined : `${specifier} leaves ${home}`;
  }
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return undefined;
  const name = packageOf(specifier);
  const to = all.find((candidate) => candidate.name === name);
  if (name.startsWith('@ds/') && !to) return `there is no package ${name}`;
  if (to) {
    const verdict = mayImport(member, to);
    const what = `${member.name} (${member.layer}) must not import ${name} (${to.layer})`;
    if (verdict === 'no') return what;
    if (verdict === 'types' && !typeOnly) return `${what}, except for its types`;
  }
  const declared = name === member.name || member.dependencies.includes(name);
  return declared ? undefined : `${name} is not among the dependencies of ${member.name}`;
}

/** `@ds/clock/memory` is of the package `@ds/clock`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
