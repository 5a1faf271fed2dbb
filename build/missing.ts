/** Owns having a build to run: parts that are missing, or were built from another source, are built. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isCurrent } from '../bin/build.js';

const ui = join(import.meta.dirname, '../dist/ui/index.html');

/** The program is built again after any change, the admin UI only where there is none: `npm run build` builds both. */
export async function buildWhatIsMissing(): Promise<void> {
  if (!isCurrent()) await (await import('./program.ts')).buildProgram();
  if (!existsSync(ui)) await (await import('./ui.ts')).buildUi();
}
