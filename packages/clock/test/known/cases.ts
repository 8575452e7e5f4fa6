/** Reads the known answers for clocks: a page of facts with blocks of JSON between them. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const file = `${process.env.DS_DATA ?? `${root}../shared/data`}/clocks/README.md`;

/** Whether the page is there. Where CI=true it has to be. */
export const present: boolean = existsSync(file);

/** Whether the tests that need the page are left out, visibly. */
export const leftOut: boolean = !present && !process.env.CI;

/** The text from a heading up to the next one of any level. */
export function section(heading: string): string {
  if (!present) throw new Error(`the known answers are not at ${file}`);
  const lines = readFileSync(file, 'utf8').split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.includes(heading));
  if (start < 0) throw new Error(`${file} has no section ${heading}`);
  const end = lines.findIndex((line, at) => at > start && /^#+ /.test(line));
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n');
}

/** The JSON block of a section. */
export function json<T>(heading: string): T {
  const block = /```json\n([\s\S]*?)\n```/.exec(section(heading))?.[1];
  if (block === undefined) throw new Error(`the section ${heading} has no JSON`);
  return JSON.parse(block) as T;
}
