// The TypeScript examples of a README, and what has to be done to run one as ESM or as CommonJS.
import ts from 'typescript';

/**
 * @typedef {object} Example
 * @property {string} code
 * @property {number} line where its fence stands, from 1
 */

/**
 * The examples that a reader could paste and run: every `ts` block with an import, unless its fence
 * says `ts no-run`.
 * @param {string} markdown
 * @returns {Example[]}
 */
export function runnableExamples(markdown) {
  return codeBlocks(markdown)
    .filter(({ info, code }) => info === 'ts' && /^import\b/m.test(code))
    .map(({ code, line }) => ({ code, line }));
}

/** All fenced blocks, with what stands behind the opening fence. */
export function codeBlocks(markdown) {
  const blocks = [];
  for (const match of markdown.matchAll(/^```([^\n`]*)\n(.*?)^```\s*$/gms)) {
    const line = markdown.slice(0, match.index).split('\n').length;
    blocks.push({ info: match[1].trim(), code: match[2], line });
  }
  return blocks;
}

/** What the README tells its reader to install: the words after `npm install`, flags left out. */
export function installedNames(markdown) {
  const line = markdown.match(/^\$?\s*(?:npm|pnpm) (?:install|i|add) (.+)$/m)?.[1] ?? '';
  return line.split(/\s+/).filter((word) => word && !word.startsWith('-'));
}

const COMMON = {
  target: ts.ScriptTarget.ES2022,
  esModuleInterop: true,
};

/** @param {string} code */
export function asEsm(code) {
  const compilerOptions = { ...COMMON, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

/** @param {string} code */
export function asCommonJs(code) {
  const compilerOptions = { ...COMMON, module: ts.ModuleKind.CommonJS };
  return ts.transpileModule(withoutTopLevelAwait(code), { compilerOptions }).outputText;
}

/**
 * The same program where a module's top level cannot await: its imports stay, the rest moves into
 * an async function. Still TypeScript.
 * @param {string} code
 */
export function withoutTopLevelAwait(code) {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022);
  const imports = source.statements.filter(ts.isImportDeclaration);
  const rest = source.statements.filter((statement) => !ts.isImportDeclaration(statement));
  const text = (/** @type {readonly ts.Statement[]} */ statements) =>
    statements
      .map((statement) => statement.getFullText(source))
      .join('')
      .trim();
  return `${text(imports)}\n\n(async () => {\n${text(rest)}\n})();\n`;
}
