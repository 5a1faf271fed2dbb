/** Owns Terraform in tests: the real binary, quiet and without anybody's settings, on a copy of `terraform/`. */
import { accessSync, constants, globSync } from 'node:fs';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext, TestFn } from 'ava';
import { type Run, run } from './programs.ts';
import { tempDir } from './temp-dir.ts';

/** Providers as `terraform init -plugin-dir` wants them; where the folder is missing, so are the tests that need it. */
const pluginDir = '/opt/tf-plugins';
const awsProvider = join(pluginDir, 'registry.terraform.io/hashicorp/aws');
const sources = fileURLToPath(new URL('../../terraform', import.meta.url));

/** What Terraform, and the example `local`, leave in a folder that they were used in. */
const madeByUse = /^(\.terraform(\.lock\.hcl)?|terraform\.tfstate.*|run)$/;

/** Providers start slowly on a busy machine. */
const defaultTimeoutMs = 300_000;

/** Terraform's own words for: ask nobody, show no hints, look for no newer version. */
export const quiet = {
  TF_IN_AUTOMATION: '1',
  TF_INPUT: '0',
  CHECKPOINT_DISABLE: '1',
  TF_CLI_CONFIG_FILE: '',
};

export function terraformOnPath(): boolean {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((folder) => isThere(join(folder, 'terraform'), constants.X_OK));
}

/** `test` where Terraform runs, and the provider of AWS is at hand if `needs` names it; else all of them skipped, with the reason printed. */
export function terraformTest<T extends { readonly skip: TestFn['skip'] }>(
  test: T,
  needs?: 'aws',
): T | T['skip'] {
  const why = !terraformOnPath()
    ? 'terraform is not on the path'
    : needs === 'aws' && !isThere(awsProvider, constants.R_OK)
      ? `${awsProvider} is not there: \`terraform providers mirror\` makes it`
      : undefined;
  if (why === undefined) return test;
  console.log(`skipped: ${why}`);
  return test.skip;
}

export interface Terraform {
  /** A folder of the copy, such as `modules/region`. */
  dir(folder: string): string;
  /** Runs Terraform in a folder of the copy, whatever its exit code. */
  run(folder: string, ...args: readonly string[]): Promise<Run>;
  /** As `run`, and it must end well; resolves to what it printed. */
  ok(folder: string, ...args: readonly string[]): Promise<string>;
  /** `terraform init` there, with the providers that are on this machine. */
  init(folder: string): Promise<void>;
  /** Readies a folder for commands that use AWS's provider from where it is, which spares each of them reading its 600 MB for a checksum. */
  ready(folder: string): Promise<void>;
}

/**
 * Copies `terraform/`, without its provider's source, into a scratch folder that goes with the test. Of what is `beside` it in the
 * repository, by path, the copy leads to what is there.
 */
export async function copyOfTerraform(
  t: Pick<ExecutionContext, 'teardown'>,
  env: Readonly<Record<string, string>> = {},
  beside: readonly string[] = [],
): Promise<Terraform> {
  const root = join(await tempDir(t), 'terraform');
  const isWanted = (path: string) =>
    !madeByUse.test(basename(path)) && path !== join(sources, 'provider');
  await cp(sources, root, { recursive: true, filter: isWanted });
  for (const path of beside) {
    await mkdir(join(root, '..', dirname(path)), { recursive: true });
    await symlink(join(sources, '..', path), join(root, '..', path));
  }

  const dir = (folder: string) => join(root, folder);
  const runIn = (folder: string, ...args: readonly string[]) =>
    run('terraform', args, {
      // Not -chdir: the folder's own plug-ins are looked for where Terraform is started.
      cwd: dir(folder),
      env: { ...quiet, ...env },
      timeoutMs: defaultTimeoutMs,
    });
  async function ok(folder: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runIn(folder, ...args);
    if (code === 0) return stdout;
    throw new Error(
      `terraform ${args.join(' ')} in ${folder} ended with ${code}: ${stderr}${stdout}`,
    );
  }
  return {
    dir,
    run: runIn,
    ok,
    async ready(folder) {
      await ok(folder, 'get', '-no-color');
    },
    async init(folder) {
      const plugins = isThere(pluginDir, constants.R_OK) ? [`-plugin-dir=${pluginDir}`] : [];
      await ok(folder, 'init', '-backend=false', '-no-color', ...plugins);
    },
  };
}

/** Settings, in a file of the test's, that have AWS's provider used from where it is. */
export async function awsProviderInPlace(
  t: Pick<ExecutionContext, 'teardown'>,
): Promise<Readonly<Record<string, string>>> {
  const path = join(await tempDir(t), 'terraform.rc');
  const [place = awsProvider] = globSync(join(awsProvider, '*/*'));
  const overrides = `dev_overrides {\n "hashicorp/aws" = ${JSON.stringify(place)}\n }\n direct {}`;
  await writeFile(path, `provider_installation {\n ${overrides}\n}\n`);
  return { TF_CLI_CONFIG_FILE: path };
}

function isThere(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
