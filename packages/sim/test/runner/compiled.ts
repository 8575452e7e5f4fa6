/**
 * The simulator and the ports as plain JavaScript in a folder of their own: Node 20 loads no
 * TypeScript into threads and processes. Only types are taken away, so no bundler is needed.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const PACKAGES = fileURLToPath(new URL('../../../', import.meta.url));
const MEMBERS = ['clock', 'transport', 'storage', 'sim'];

export interface Compiled {
  readonly folder: string;
  /** Adds a file, compiled when it is TypeScript, and returns its path. */
  add(name: string, text: string): string;
  dispose(): void;
}

export function compile(): Compiled {
  const folder = mkdtempSync(join(tmpdir(), 'ds-sim-compiled-'));
  for (const member of MEMBERS) {
    const home = join(folder, 'node_modules/@ds', member);
    const manifest = JSON.parse(readFileSync(join(PACKAGES, member, 'package.json'), 'utf8'));
    const exports = Object.entries(manifest.exports as Record<string, Record<string, string>>)
      .filter(([, target]) => typeof target !== 'string')
      .map(([name, target]) => [name, asJavaScript(target['@ds/source'] ?? '')]);
    const sources = join(PACKAGES, member, 'src');
    for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.ts')) {
        write(join(home, 'src', asJavaScript(file)), stripped(join(sources, file)));
      }
    }
    const published = {
      name: `@ds/${member}`,
      type: 'module',
      exports: Object.fromEntries(exports),
    };
    write(join(home, 'package.json'), JSON.stringify(published));
  }
  write(join(folder, 'package.json'), '{ "type": "module" }');
  return {
    folder,
    add: (name, text) => {
      const file = join(folder, asJavaScript(name));
      write(file, name.endsWith('.ts') ? transpile(text) : text);
      return file;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Adds a whole folder of sources, such as the scenarios of the tests. */
export function addSources(compiled: Compiled, sources: string): void {
  for (const file of readdirSync(sources).filter((name) => name.endsWith('.ts'))) {
    if (!file.endsWith('.test.ts')) compiled.add(file, readFileSync(join(sources, file), 'utf8'));
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function asJavaScript(name: string): string {
  return name.replace(/\.ts$/, '.js');
}

function stripped(file: string): string {
  return transpile(readFileSync(file, 'utf8'));
}

function transpile(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  return outputText;
}
