/** The house style that neither the formatter nor the linter knows. */
import ts from 'typescript';
import { type Fault, fault, type Source } from './sources.ts';

export const MAX_FILE_LINES = 450;
export const MAX_FUNCTION_LINES = 75;
export const MAX_COLUMNS = 100;

/** A file's name is its idea; these names are none. */
const VAGUE = /(^|\/)(utils?|helpers?|types|common|misc|shared)(\/|\.[a-z]+$)/;
const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)\b/g;
const TEST_FUNCTIONS = new Set(['it', 'test', 'describe', 'suite', 'bench']);
const LEFT_OUT = new Set(['only', 'skip', 'todo', 'fails']);

export function styleFaults(source: Source): Fault[] {
  return [
    ...sizes(source),
    ...vagueNames([source.file]),
    ...unfinished(source),
    ...syntaxFaults(source),
  ];
}

export function vagueNames(paths: readonly string[]): Fault[] {
  return paths
    .filter((path) => VAGUE.test(path))
    .map((path) => `${path}: a name that says nothing`);
}

function sizes(source: Source): Fault[] {
  const lines = source.text.trimEnd().split('\n');
  const faults = lines.flatMap((line, index) =>
    [...line].length > MAX_COLUMNS && !isUnbreakable(line)
      ? [`${source.file}:${index + 1}: ${[...line].length} columns, more than ${MAX_COLUMNS}`]
      : [],
  );
  if (lines.length > MAX_FILE_LINES) {
    faults.push(`${source.file}: ${lines.length} lines, more than ${MAX_FILE_LINES}`);
  }
  return faults;
}

/** A long literal or an address: the formatter leaves these alone, and so does this rule. */
function isUnbreakable(line: string): boolean {
  return /['"`/][^'"`]{60,}['"`/]|https?:\/\/\S{40,}/.test(line);
}

function unfinished(source: Source): Fault[] {
  return [...source.text.matchAll(UNFINISHED)].map(({ 0: word, index }) =>
    fault(source, index, `${word}: finish it, or write an issue`),
  );
}

function syntaxFaults(source: Source): Fault[] {
  const tree = ts.createSourceFile(source.file, source.text, ts.ScriptTarget.Latest, true);
  const faults: Fault[] = [];
  const visit = (node: ts.Node): void => {
    const wrong = syntaxFault(node, tree);
    if (wrong) faults.push(fault(source, node.getStart(tree), wrong));
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return faults;
}

function syntaxFault(node: ts.Node, tree: ts.SourceFile): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return '`any`: say what it is, or use `unknown`';
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const { expression, name } = node;
    if (TEST_FUNCTIONS.has(expression.text) && LEFT_OUT.has(name.text)) {
      return `${expression.text}.${name.text} leaves tests out`;
    }
  }
  if (isFunction(node)) {
    const lines = ownLines(node, tree);
    if (lines > MAX_FUNCTION_LINES) return `${lines} lines, more than ${MAX_FUNCTION_LINES}`;
  }
  return undefined;
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

/**
 * The lines of a function without those of the functions inside it, which are measured by
 * themselves: a suite of many small tests is not a long function.
 */
function ownLines(node: ts.Node, tree: ts.SourceFile): number {
  let inner = 0;
  const visit = (child: ts.Node): void => {
    if (isFunction(child)) {
      // A closure of one line belongs to the statement that it stands in.
      const lines = linesBetween(child, tree);
      inner += lines > 1 ? lines : 0;
    } else ts.forEachChild(child, visit);
  };
  ts.forEachChild(node, visit);
  return linesBetween(node, tree) - inner;
}

function linesBetween(node: ts.Node, tree: ts.SourceFile): number {
  const line = (position: number): number => tree.getLineAndCharacterOfPosition(position).line;
  return line(node.getEnd()) - line(node.getStart(tree)) + 1;
}
