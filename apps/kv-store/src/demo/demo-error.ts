/**
 * A failure the demo can explain: one sentence, and where it helps the last lines that the process
 * in question printed. Everything else that is thrown is a defect and keeps its stack.
 */
export class DemoError extends Error {
  override readonly name = 'DemoError';
  /** What the failing process said last. */
  readonly output: readonly string[];

  constructor(message: string, options: { output?: readonly string[]; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.output = options.output ?? [];
  }
}

/** One sentence for errors of the operating system that a user can do something about. */
export function explain(error: unknown): DemoError | undefined {
  if (error instanceof DemoError) return error;
  const { code, path, port } = (error ?? {}) as { code?: string; path?: string; port?: number };
  const where = path === undefined ? '' : ` (${path})`;
  switch (code) {
    case 'ENOSPC':
      return new DemoError(
        `The disk is full${where}: free some space, or choose another place with --data DIR.`,
      );
    case 'EADDRINUSE':
      return new DemoError(
        `Port ${port} is taken: choose another one with --port, or none for a free one.`,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new DemoError(
        `The demo may not write there${where}: choose another place with --data DIR.`,
      );
    default:
      return undefined;
  }
}
