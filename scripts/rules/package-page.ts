/** What a user sees of a package before its code: its manifest and its README. */
import { codeBlocks } from '../checks/example.mjs';
import type { Fault } from './sources.ts';

export interface PackagePage {
  readonly folder: string;
  readonly manifest: {
    readonly name: string;
    readonly description?: string;
    readonly license?: string;
    readonly ds?: { readonly browserSafe?: boolean; readonly reason?: string };
  };
  readonly readme: string;
  /** The source of src/errors.ts, where there is one. */
  readonly errors?: string | undefined;
}

const MAX_EXAMPLE_LINES = 10;
const SECTIONS = [/install/i, /guarantee/i, /error/i, /how it works/i, /reference/i];

export function pageFaults({ folder, manifest, readme, errors = '' }: PackagePage): Fault[] {
  return [
    ...manifestFaults(manifest).map((wrong) => `${folder}/package.json: ${wrong}`),
    ...[...sectionFaults(readme), ...exampleFaults(readme), ...errorFaults(readme, errors)].map(
      (wrong) => `${folder}/README.md: ${wrong}`,
    ),
  ];
}

function manifestFaults({ description, license, ds }: PackagePage['manifest']): string[] {
  const faults: string[] = [];
  if (!description) faults.push('no description');
  if (license !== 'MIT') faults.push('no license');
  if (ds?.browserSafe === undefined) faults.push('no "ds": { "browserSafe": true or false }');
  if (ds?.browserSafe === false && !ds.reason) faults.push('"browserSafe": false without a reason');
  return faults;
}

/** One sentence under the title, then the sections in the order in which a reader needs them. */
function sectionFaults(readme: string): string[] {
  const faults: string[] = [];
  if (!/^# @ds\/[\w-]+\n+[^\n#`].*[.:!]\n/.test(readme)) faults.push('no sentence under the title');
  const headings = headingsOf(readme).filter(({ level }) => level === 2);
  let after = -1;
  for (const section of SECTIONS) {
    const index = headings.findIndex(({ text }, place) => place > after && section.test(text));
    if (index < 0) faults.push(`no section ${section.source}, or not in its place`);
    else after = index;
  }
  return faults;
}

function exampleFaults(readme: string): string[] {
  const first = codeBlocks(readme).find(({ info }) => info === 'ts');
  if (!first) return ['no example in a `ts` block'];
  const lines = first.code.split('\n').filter((line: string) => line.trim() !== '').length;
  return lines > MAX_EXAMPLE_LINES
    ? [`the first example has ${lines} lines, more than ${MAX_EXAMPLE_LINES}`]
    : [];
}

/** Users look an error up by its code, so every code is a heading. */
function errorFaults(readme: string, errors: string): string[] {
  const codes = new Set(
    [...errors.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)].map(([, c]) => c),
  );
  const headings = headingsOf(readme).map(({ text }) => text);
  return [...codes]
    .filter((code) => !headings.some((text) => text.includes(`${code}`)))
    .map((code) => `no heading for the error ${code}`);
}

function headingsOf(readme: string): { level: number; text: string }[] {
  const prose = readme.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', text = '']) => ({
    level: marks.length,
    text,
  }));
}
