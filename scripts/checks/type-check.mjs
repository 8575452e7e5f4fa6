// Type-checks a few files under given options. The compiler runs in this process, because the
// library's declarations, most of the work, are then read once for all programs.
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../setup/workspace.mjs';

/** @type {Map<string, ts.SourceFile | undefined>} */
const libraries = new Map();

/**
 * @param {string[]} files
 * @param {ts.CompilerOptions} options
 * @returns {string} what the compiler has to say; empty when all is well
 */
export function typeCheck(files, options) {
  const all = { ...options, noEmit: true };
  const host = ts.createCompilerHost(all);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, language, onError, fresh) => {
    if (!/\/node_modules\/(typescript|@types\/node)\//.test(file)) {
      return read(file, language, onError, fresh);
    }
    const key = `${file} ${JSON.stringify(language)}`;
    if (!libraries.has(key)) libraries.set(key, read(file, language, onError, fresh));
    return libraries.get(key);
  };
  const program = ts.createProgram(files, all, host);
  return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => host.getCurrentDirectory(),
    getNewLine: () => '\n',
  });
}

/** How strict a demanding user's own settings are. */
export const STRICT_USER = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
};

/** This repository's own settings, for code that is not declared but run. */
export function ownOptions() {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  return {
    ...options,
    declaration: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
}
