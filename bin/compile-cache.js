/** Owns that what is compiled is kept between starts, which makes them half as long. Plain JavaScript that Node.js 14 can read. */
import module from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Within the installation, for what is there is believed as the program is: never in a folder that others can write to. Where it
 * can't be written, nothing is kept. `NODE_COMPILE_CACHE` names another folder, `NODE_DISABLE_COMPILE_CACHE=1` ends it.
 */
const folder = fileURLToPath(new URL('../node_modules/.cache/isthmus', import.meta.url));

/** Of this process, its threads, and those it starts. */
export function keepCompiled() {
  // Then Node.js does so by itself.
  if (process.env.NODE_COMPILE_CACHE) return;
  const { directory } = module.enableCompileCache(folder);
  if (directory !== undefined) process.env.NODE_COMPILE_CACHE = directory;
}
