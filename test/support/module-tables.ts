/** Owns the tables of inputs and outputs in a module's README: made from its variables and outputs, in the form of terraform-docs. */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const begin = '<!-- BEGIN_TF_DOCS -->';
const end = '<!-- END_TF_DOCS -->';

/** A README, and as it has to be for its tables to be true. */
interface Readme {
  readonly path: string;
  readonly is: string;
  readonly ought: string;
}

/** Reads `README.md`, `variables*.tf` and `outputs.tf` of a module. Throws where the README has no place for tables, or something has no description. */
export async function readmeOf(module: string): Promise<Readme> {
  const path = join(module, 'README.md');
  const files = ['README.md', 'outputs.tf', ...globSync('variables*.tf', { cwd: module }).sort()];
  const [is, outputs, ...variables] = await Promise.all(
    files.map((file) => readFile(join(module, file), 'utf8')),
  );
  const [before, after] = [is?.split(begin)[0], is?.split(end)[1]];
  if (is === undefined || before === undefined || after === undefined) {
    throw new Error(`${path} has no lines ${begin} and ${end}`);
  }
  const tables = [...inputs(variables.join('\n')), '', ...results(outputs ?? '')].join('\n');
  return { path, is, ought: `${before}${begin}\n${tables}\n${end}${after}` };
}

function inputs(text: string): string[] {
  const rows = blocks(text, 'variable').map(({ name, body }) => {
    const type = oneLine(argument(body, 'type') ?? 'any');
    const value = argument(body, 'default');
    const standard = value === undefined ? 'n/a' : `\`${oneLine(value)}\``;
    const cells = [name, describe(name, body), `\`${type}\``, standard];
    return row(...cells, value === undefined ? 'yes' : 'no');
  });
  const head = ['Name', 'Description', 'Type', 'Default', 'Required'];
  return ['## Inputs', '', row(...head), row(...head.map(() => '---')), ...rows];
}

function results(text: string): string[] {
  const rows = blocks(text, 'output').map(({ name, body }) => row(name, describe(name, body)));
  return ['## Outputs', '', row('Name', 'Description'), row('---', '---'), ...rows];
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function describe(name: string, body: string): string {
  const text = argument(body, 'description');
  if (text === undefined) throw new Error(`${name} has no description`);
  return JSON.parse(text).replaceAll('$${', '${');
}

interface Block {
  readonly name: string;
  readonly body: string;
}

/** Blocks at the margin, as `terraform fmt` lays them out, by name. */
function blocks(text: string, kind: 'variable' | 'output'): Block[] {
  return [...text.matchAll(new RegExp(`^${kind} "(\\w+)" \\{\\n(.*?)^\\}$`, 'gms'))]
    .map(([, name = '', body = '']) => ({ name, body }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** An argument's expression: the rest of its line, and what follows it deeper, up to the line that closes it. */
function argument(body: string, name: string): string | undefined {
  const found = new RegExp(`^  ${name} *= (.*\\n(?:(?: {4,}.*)?\\n)*(?:  [\\])}]+\\n)?)`, 'm').exec(
    body,
  );
  return found?.[1]?.trim();
}

/** An expression of several lines in one: what a line break parts is parted by a comma. */
function oneLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
  return lines
    .map((line, i) => {
      const isLast = /^[)\]}]/.test(lines[i + 1] ?? ')');
      const isOpen = /[([{]$/.test(line);
      return isLast || isOpen ? line.replace(/,$/, '') : `${line.replace(/,$/, '')}, `;
    })
    .join('')
    .replace(/\s+/g, ' ');
}
