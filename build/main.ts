/** Owns `npm run build`: the program and the admin UI into `dist/`, anew. */
import { buildProgram } from './program.ts';
import { buildUi } from './ui.ts';

await Promise.all([buildProgram(), buildUi()]);
