/**
 * A failure the demo can explain in one sentence. Everything else that is thrown is a defect and
 * keeps its stack.
 */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
