/**
 * The package's Node part as plain JavaScript, for child processes: Node 20 loads no TypeScript.
 * Only types are taken away, file by file, so no bundler is needed.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));

export interface Compiled {
  /** The URL of the module with `nodeFileSystem`. */
  readonly node: string;
  dispose(): void;
}

export function compile(): Compiled {
  const directory = mkdtempSync(join(tmpdir(), 'ds-storage-compiled-'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  for (const name of readdirSync(SOURCES).filter((file) => file.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(SOURCES, name), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    writeFileSync(join(directory, name.replace(/\.ts$/, '.js')), outputText);
  }
  return {
    node: pathToFileURL(join(directory, 'node.js')).href,
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}
