/** Owns the types of `pinned-node.js`, which stays plain JavaScript so that any Node.js can read it. */
export const pinnedPackage: string | undefined;
export function findPinnedNode(): string | undefined;
export function runOn(node: string, script: string, onFailure: (error: Error) => void): void;
export function endWithLauncher(): void;
