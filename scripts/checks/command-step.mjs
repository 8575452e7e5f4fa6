// A step that is one command: it passes when the command does, and counts as one.

/**
 * @param {string} name
 * @param {() => Promise<{ code: number, output: string }>} command
 * @returns {(tally: import('./tally.mjs').Tally) => Promise<void>}
 */
export function commandStep(name, command) {
  return async (tally) => {
    const { code, output } = await command();
    if (code === 0) tally.pass();
    else tally.fail(name, output);
  };
}
