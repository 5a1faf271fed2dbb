/** Owns how often others are to ask for a bundle where it does not say. */

/** Five minutes: what the standard advises where a bundle does not say. */
export const defaultRefreshHintSeconds = 300;
