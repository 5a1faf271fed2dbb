/** Owns how long is measured, and how often. */

export interface Plan {
  /** Seconds of load before the first round, not measured. */
  readonly warmUpSeconds: number;
  /** The same for programs that are compiled as they run: until little is left to compile. */
  readonly compilingSeconds: number;
  /** Seconds of load in a round. */
  readonly seconds: number;
  readonly rounds: number;
  /** Rounds of scenarios that start their programs anew in each. */
  readonly freshRounds: number;
}

export const fullPlan: Plan = {
  warmUpSeconds: 3,
  compilingSeconds: 10,
  seconds: 4,
  rounds: 7,
  freshRounds: 3,
};

/** Under five minutes altogether. Short rounds: what else the machine does then meets the programs of a round alike. */
export const quickPlan: Plan = {
  warmUpSeconds: 1,
  compilingSeconds: 8,
  seconds: 1,
  rounds: 5,
  freshRounds: 1,
};
