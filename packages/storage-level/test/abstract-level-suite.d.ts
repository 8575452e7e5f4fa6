/** abstract-level's own suite, which it ships without types. */
declare module 'abstract-level/test/index.js' {
  import type { AbstractLevel } from 'abstract-level';
  import type { Test } from 'tape';

  interface SuiteOptions {
    readonly test: (name: string, run: (t: Test) => void | Promise<void>) => unknown;
    readonly factory: (options?: object) => Pick<AbstractLevel<Uint8Array>, 'supports'>;
  }

  export default function suite(options: SuiteOptions): void;
}
