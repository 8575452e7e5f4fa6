/** Runs the rules of the FileSystem port on a file system. */
import type { TestRunner } from '@ds/clock/conformance';
import type { FileSystem } from '../file-system.ts';
import { durabilityTests } from './file-system-durability.ts';
import { type FileSystemContext, fileSystemTests } from './file-system-rules.ts';
import { absent, type Coverage, register } from './rule-test.ts';

export interface FileSystemUnderTest {
  readonly fileSystem: FileSystem;
  /** An existing, empty directory. */
  readonly root: string;
  /** Ends the test; also what `crash` gave ends here. */
  close(): void | Promise<void>;
}

/** What a file system can be put through; each ability is declared by handing it in. */
export interface FileSystemAbilities<Subject> {
  /**
   * Cuts the power: everything not durable may be gone, and open files and locks are dead. Gives a
   * file system over what survived.
   */
  crash?(subject: Subject): FileSystem | Promise<FileSystem>;
  /** The next `datasync` of any file fails as a device does. */
  failNextDatasync?(subject: Subject): void;
  /** From here on there is room for less than 1 MiB more. */
  fill?(subject: Subject): void | Promise<void>;
  /** Another owner takes the lock at `path` and dies with it. */
  lockAndDie?(subject: Subject, path: string): void | Promise<void>;
  /** Another file system over the same medium. */
  secondView?(subject: Subject): FileSystem | Promise<FileSystem>;
}

export interface FileSystemConformance<Subject extends FileSystemUnderTest>
  extends TestRunner,
    FileSystemAbilities<Subject> {
  create(): Subject | Promise<Subject>;
}

export function fileSystemConformance<Subject extends FileSystemUnderTest>(
  options: FileSystemConformance<Subject>,
): Coverage {
  const { expect, create, crash, failNextDatasync, fill, lockAndDie, secondView } = options;
  const abilities = { crash, failNextDatasync, fill, lockAndDie, secondView };
  return register<FileSystemContext>(
    options,
    'a file system',
    [...fileSystemTests, ...durabilityTests],
    abilities,
    async () => {
      const subject = await create();
      const { fileSystem, root } = subject;
      return {
        close: () => subject.close(),
        context: {
          expect,
          fileSystem,
          at: (name) => `${root}/${name}`,
          root,
          crash: async () => (crash ?? absent('crash'))(subject),
          failNextDatasync: () => (failNextDatasync ?? absent('failNextDatasync'))(subject),
          fill: async () => (fill ?? absent('fill'))(subject),
          lockAndDie: async (path) => (lockAndDie ?? absent('lockAndDie'))(subject, path),
          secondView: async () => (secondView ?? absent('secondView'))(subject),
        },
      };
    },
  );
}
