/** Owns the types of `supported-node.js`, which stays plain JavaScript so that any Node.js can read it. */
export const minimumNode: string;
export function isSupportedNode(version: string): boolean;
export function refusedFlags(execArgv: readonly string[], nodeOptions?: string): string[];
