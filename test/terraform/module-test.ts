/** Owns running the tests that Terraform's modules have themselves: one module's, with what it makes; or those of several, which costs little more. */
import { globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Terraform } from '../support/terraform.ts';

interface ModuleTest {
  /** How many runs passed. */
  readonly passed: number;
  /** What Terraform says of those that did not. */
  readonly failures: readonly string[];
  /** Outputs of the first run that applied; none where all only plan, and where they were not asked for. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

interface Message {
  readonly '@testfile'?: string;
  readonly diagnostic?: { readonly summary: string; readonly detail: string };
  readonly test_run?: { readonly status?: string };
  readonly test_state?: {
    readonly outputs?: Readonly<Record<string, { readonly value: unknown }>>;
  };
}

/** Runs the tests of the module in `folder`, which is ready. */
export async function testModule(terraform: Terraform, folder: string): Promise<ModuleTest> {
  // Each state is said with the provider's whole schema: megabytes, of which one is needed.
  const messages = await runTests(terraform, folder, '-verbose');
  const { outputs = {} } = messages.find(({ test_state }) => test_state)?.test_state ?? {};
  const values = Object.entries(outputs).map(([name, { value }]) => [name, value]);
  return { ...resultOf(messages), outputs: Object.fromEntries(values) };
}

/**
 * Runs the tests of all modules in `folders` by one process, which learns the provider's schema once: their files are put together in
 * a folder above, led to their modules. By folder.
 */
export async function testModules(
  terraform: Terraform,
  folders: readonly string[],
): Promise<ReadonlyMap<string, ModuleTest>> {
  await mkdir(join(terraform.dir('.'), 'tests'));
  await writeFile(join(terraform.dir('.'), 'main.tf'), 'terraform {}\n');
  for (const folder of folders) {
    const [file = ''] = globSync(join(terraform.dir(folder), 'tests/*.tftest.hcl'));
    const text = await readFile(file, 'utf8');
    const led = text
      .replaceAll('"../../modules/', '"./modules/')
      .replaceAll(/^run "\w+" \{\n/gm, (run) => `${run}  module {\n source = "./${folder}"\n }\n`);
    await writeFile(join(terraform.dir('.'), fileOf(folder)), led);
  }
  await terraform.ready('.');
  const messages = await runTests(terraform, '.');
  return new Map(
    folders.map((folder) => {
      const own = messages.filter((message) => message['@testfile'] === fileOf(folder));
      return [folder, { ...resultOf(own), outputs: {} }];
    }),
  );
}

function fileOf(folder: string): string {
  return `tests/${basename(folder)}.tftest.hcl`;
}

async function runTests(
  terraform: Terraform,
  folder: string,
  ...flags: readonly string[]
): Promise<Message[]> {
  const { stdout, stderr } = await terraform.run(folder, 'test', '-json', ...flags);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const first = lines.findIndex(hasState);
  const messages: Message[] = lines
    .filter((line, i) => !hasState(line) || i === first)
    .map((line) => JSON.parse(line));
  if (messages.some(({ test_run }) => test_run)) return messages;
  throw new Error(`terraform test ran nothing in ${folder}: ${stderr}${stdout}`);
}

function hasState(line: string): boolean {
  return line.includes('"test_state":') || line.includes('"test_plan":');
}

function resultOf(messages: readonly Message[]): Omit<ModuleTest, 'outputs'> {
  const ended = messages.filter(({ test_run }) => test_run?.status);
  const passed = ended.filter(({ test_run }) => test_run?.status === 'pass').length;
  const said = messages.flatMap(({ diagnostic }) =>
    diagnostic ? [`${diagnostic.summary}: ${diagnostic.detail}`] : [],
  );
  const isWell = passed > 0 && passed === ended.length;
  return { passed, failures: isWell ? [] : said };
}
