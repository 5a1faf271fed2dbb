/** Owns the one expectation that a request can have: to be asked for its content (RFC 9110 section 10.1.1). */

/** The value that is sent. */
export const continueExpectation = '100-continue';

/** Whether that is what a value of Expect says; anything else is refused with 417. */
export function isContinue(value: string): boolean {
  return value.toLowerCase() === continueExpectation;
}
