/** Owns giving memory back that the C library keeps free: glibc looks only at the end of what it has by itself, and never in the midst of it. */

/**
 * Gives all whole pages back to the system that nothing in this process has in use, whatever the thread. Takes 2 ms here, in which other threads
 * that allocate may wait for a part of it; who needs the pages again gets them one by one. Does nothing where there is no glibc, or no way to it.
 */
export function giveFreeMemoryBack(): void {
  try {
    // The program itself is linked to the library.
    const library = foreignFunctions()?.dlopen(null, {
      malloc_trim: { arguments: ['u64'], return: 'i32' },
    });
    library?.functions.malloc_trim(0n);
  } catch {
    // Another C library, or a process that may not call it: it keeps what is free.
  }
}

/**
 * Undefined in a Node.js that has none, or not by default. The warning that it is experimental is kept back: who reads the log can do nothing
 * about it.
 */
function foreignFunctions(): typeof import('node:ffi') | undefined {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:ffi');
  } finally {
    process.emitWarning = emitWarning;
  }
}
