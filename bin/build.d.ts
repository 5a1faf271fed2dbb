/** Owns the types of `build.js`, which stays plain JavaScript that runs where nothing is built. */
export const program: string;
export const inputsFile: string;
export function isCurrent(): boolean;
export function lastChange(path: string): number | undefined;
export function moduleOf(built: string, source: string): string;
