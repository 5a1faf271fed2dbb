/**
 * Owns running the tests that Terraform's modules have themselves, of several by one process: most of what one costs is to learn the
 * schema of AWS's provider.
 */
import { globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Terraform } from '../support/terraform.ts';

interface ModuleTest {
  /** How many runs passed. */
  readonly passed: number;
  /** What Terraform says of those that did not. */
  readonly failures: readonly string[];
}

interface Message {
  readonly '@testfile'?: string;
  readonly diagnostic?: { readonly summary: string; readonly detail: string };
  readonly test_run?: { readonly status?: string };
}

/** A run that passes on an output of the one before it: Terraform tells outputs itself, beside megabytes of schema for each run. */
const teller = {
  folder: 'told',
  text: `variable "path" { type = string }
variable "value" { type = any }
resource "terraform_data" "told" {
  provisioner "local-exec" {
    command     = "printf %s \\"$VALUE\\" >\\"$FILE\\""
    environment = { VALUE = jsonencode(var.value), FILE = var.path }
  }
}
`,
};

export interface ModuleTests {
  /** By folder. */
  readonly results: ReadonlyMap<string, ModuleTest>;
  /** By folder: what that output of the module was in the first run. Rejects where there is none. */
  output(folder: string): Promise<unknown>;
}

/**
 * Runs the tests of all modules in `folders`: their files are put together in a folder above, led to their modules. Of those in `telling`, whose first
 * run applies, the output of that name is kept.
 */
export async function testModules(
  terraform: Terraform,
  folders: readonly string[],
  telling: Readonly<Record<string, string>>,
): Promise<ModuleTests> {
  const root = terraform.dir('.');
  await mkdir(join(root, 'tests'));
  await mkdir(join(root, teller.folder));
  await writeFile(join(root, teller.folder, 'main.tf'), teller.text);
  await writeFile(join(root, 'main.tf'), 'terraform {}\n');
  const told = (folder: string) => join(root, teller.folder, `${basename(folder)}.json`);
  for (const folder of folders) {
    const [file = ''] = globSync(join(terraform.dir(folder), 'tests/*.tftest.hcl'));
    const text = led(await readFile(file, 'utf8'), folder);
    const output = telling[folder];
    const whole = output === undefined ? text : text + tellingRun(text, output, told(folder));
    await writeFile(join(root, fileOf(folder)), whole);
  }
  await terraform.ready('.');
  const messages = await runTests(terraform);
  const results = folders.map((folder) => {
    const own = messages.filter((message) => message['@testfile'] === fileOf(folder));
    return [folder, resultOf(own)] as const;
  });
  return {
    results: new Map(results),
    output: async (folder) => JSON.parse(await readFile(told(folder), 'utf8')),
  };
}

function fileOf(folder: string): string {
  return `tests/${basename(folder)}.tftest.hcl`;
}

/** A module's tests as they are in the folder above. */
function led(text: string, folder: string): string {
  return text
    .replaceAll('"./tests/', `"./${folder}/tests/`)
    .replaceAll('"../../modules/', '"./modules/')
    .replaceAll(/^run "\w+" \{\n/gm, (run) => `${run}  module {\n source = "./${folder}"\n }\n`);
}

function tellingRun(text: string, output: string, path: string): string {
  const [, first] = /^run "(\w+)"/m.exec(text) ?? [];
  return `
run "told" {
  module {
    source = "./${teller.folder}"
  }
  variables {
    path  = ${JSON.stringify(path)}
    value = run.${first}.${output}
  }
}
`;
}

async function runTests(terraform: Terraform): Promise<Message[]> {
  const { stdout, stderr } = await terraform.run('.', 'test', '-json');
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const messages: Message[] = lines.map((line) => JSON.parse(line));
  if (messages.some(({ test_run }) => test_run)) return messages;
  throw new Error(`terraform test ran nothing: ${stderr}${stdout}`);
}

function resultOf(messages: readonly Message[]): ModuleTest {
  const ended = messages.filter(({ test_run }) => test_run?.status);
  const passed = ended.filter(({ test_run }) => test_run?.status === 'pass').length;
  const said = messages.flatMap(({ diagnostic }) =>
    diagnostic ? [`${diagnostic.summary}: ${diagnostic.detail}`] : [],
  );
  const isWell = passed > 0 && passed === ended.length;
  return { passed, failures: isWell ? [] : said };
}
