/** What can go wrong in a simulation, by code; the README has a heading for each. */
export type SimulationErrorCode =
  | 'SIM_NODE_FAILED'
  | 'SIM_NODE_UNKNOWN'
  | 'SIM_NODE_NOT_RUNNING'
  | 'SIM_NOT_REACHED'
  | 'SIM_STALLED'
  | 'SIM_STUCK'
  | 'SIM_ENDLESS'
  | 'SIM_LEFT_BEHIND'
  | 'SIM_REAL_WORLD'
  | 'SIM_BUSY'
  | 'SIM_CLOSED'
  | 'SIM_SCENARIO_FAILED'
  | 'SIM_NOT_REPEATED'
  | 'SIM_TOO_WEAK'
  | 'SIM_ENGINE_BROKEN'
  | 'SIM_VIOLATED';

export interface SimulationErrorOptions extends ErrorOptions {
  readonly seed?: number | undefined;
  readonly node?: string | undefined;
  readonly atMs?: number | undefined;
  readonly property?: string | undefined;
}

/** The one error of this package; match on `code`. Its message names what the fields hold. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly code: SimulationErrorCode;
  /** The seed of the world concerned: running it again replays the failure. */
  readonly seed: number | undefined;
  /** The node concerned. */
  readonly node: string | undefined;
  /** When it happened, in virtual ms. */
  readonly atMs: number | undefined;
  /** What was violated, as the scenario calls it. */
  readonly property: string | undefined;

  constructor(code: SimulationErrorCode, message: string, options: SimulationErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.seed = options.seed;
    this.node = options.node;
    this.atMs = options.atMs;
    this.property = options.property;
  }
}
