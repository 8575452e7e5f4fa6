import { describe, expect, it } from 'vitest';
import {
  asCommonJs,
  asEsm,
  installedNames,
  runnableExamples,
  withoutTopLevelAwait,
} from '../checks/example.mjs';

const README = [
  '# @ds/x',
  '```sh\n$ npm install @ds/x ws --save-exact\n```',
  "```ts\nimport { x } from '@ds/x';\nconsole.log(await x());\n```",
  '```ts\nlet noImport = 1;\n```',
  "```ts no-run\nimport { y } from '@ds/x';\n```",
  "```js\nimport { z } from '@ds/x';\n```",
  "   ```ts\n   import 'indented';\n   ```",
].join('\n\n');

describe('the examples of a README', () => {
  it('are its ts blocks with an import, unless they say no-run', () => {
    expect(runnableExamples(README)).toEqual([
      { code: "import { x } from '@ds/x';\nconsole.log(await x());\n", line: 7 },
    ]);
  });

  it('come with what to install', () => {
    expect(installedNames(README)).toEqual(['@ds/x', 'ws']);
    expect(installedNames('npm i @ds/x')).toEqual(['@ds/x']);
    expect(installedNames('npm is a tool')).toEqual([]);
  });
});

describe('an example as a module', () => {
  const code = "import { type A, b } from 'b';\nimport type { C } from 'c';\nawait b<A, C>();\n";

  it('keeps its imports and its awaits, and loses its types', () => {
    expect(asEsm(code)).toBe("import { b } from 'b';\nawait b();\n");
  });

  it('has no top-level await in CommonJS, and requires only what runs', () => {
    const text = asCommonJs(code);
    expect(text).toContain('require("b")');
    expect(text).not.toContain('require("c")');
    expect(() => new Function('require', 'exports', text)).not.toThrow();
  });

  it('is still checked as TypeScript without its top-level await', () => {
    expect(withoutTopLevelAwait(code)).toBe(
      [
        "import { type A, b } from 'b';\nimport type { C } from 'c';\n",
        '(async () => {\nawait b<A, C>();\n})();\n',
      ].join('\n'),
    );
  });
});
