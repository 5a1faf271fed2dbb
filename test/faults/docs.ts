/** Owns the table in docs/faults.md: it is that of a run, between two marks. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Matrix, markdown } from './report.ts';

const page = fileURLToPath(import.meta.resolve('../../docs/faults.md'));
const marks = /(?<=<!-- begin of the figures -->\n)[\s\S]*?(?=\n<!-- end of the figures -->)/;

/** Takes the figures that `--json` wrote to a file. */
export async function writeDocs(file: string): Promise<void> {
  const matrix: Matrix = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(page, withFigures(await readFile(page, 'utf8'), matrix));
}

export function withFigures(text: string, matrix: Matrix): string {
  if (!marks.test(text)) throw new Error('docs/faults.md has no marks between which figures go');
  const day = matrix.at.slice(0, 10);
  return text.replace(marks, () => `Of ${day}, on ${matrix.machine}:\n\n${markdown(matrix)}`);
}
