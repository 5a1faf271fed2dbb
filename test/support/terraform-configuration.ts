/** Owns one configuration of Terraform in tests, in a folder of its own with the provider of this source: written, run, and what it said. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { linkProvider, pluginFolder, providerSource } from '../../cli/terraform-plugin.ts';
import { version } from '../../core/version.ts';
import { cleanEnv } from '../cli/command.ts';
import type { Scope } from './gateway-process.ts';
import { run } from './programs.ts';
import { tempDir } from './temp-dir.ts';
import { quiet } from './terraform.ts';

/** Its provider is a process that starts several times for each command. */
const timeoutMs = 110_000;

interface Told {
  readonly severity: 'error' | 'warning';
  readonly summary: string;
  readonly detail: string;
  /** Address of the resource that it is about. */
  readonly address?: string;
  /** The line of the configuration that it points at. */
  readonly snippet?: { readonly code: string };
}

/** A line of what Terraform says with `-json`. */
interface Line {
  readonly type: string;
  readonly diagnostic?: Told;
  readonly change?: { readonly resource: { readonly addr: string }; readonly action: string };
}

/** What one run of Terraform said. */
interface Said {
  readonly code: number | null;
  readonly diagnostics: readonly Told[];
  /** By the address of each resource that is not as it should be: `create`, `update`, `replace`, `delete`. */
  readonly changes: Readonly<Record<string, string>>;
}

export class Configuration {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** A folder where the provider is installed and `text` is the configuration, initialized. It goes with the test. */
  static async prepare(t: Pick<Scope, 'teardown'>, text: string): Promise<Configuration> {
    const configuration = new Configuration(await tempDir(t));
    await linkProvider(pluginFolder(undefined, { HOME: configuration.dir }), version);
    await configuration.write(text);
    await configuration.ok('init', '-no-color');
    return configuration;
  }

  /** Replaces the configuration, apart from where the provider comes from. */
  async write(text: string): Promise<void> {
    const source = `terraform {\n  required_providers {\n    isthmus = { source = "${providerSource}" }\n  }\n}\n`;
    await writeFile(join(this.dir, 'main.tf'), source + text);
  }

  /** `terraform plan`, of what is there now. */
  plan(...args: readonly string[]): Promise<Said> {
    return this.#say('plan', '-detailed-exitcode', ...args);
  }

  apply(...args: readonly string[]): Promise<Said> {
    return this.#say('apply', '-auto-approve', ...args);
  }

  destroy(): Promise<Said> {
    return this.#say('destroy', '-auto-approve');
  }

  /** What the state has of each resource, by its address. */
  async state(): Promise<Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>> {
    const { values } = JSON.parse(await this.ok('show', '-json')) as {
      values?: {
        root_module: { resources?: { address: string; values: Record<string, unknown> }[] };
      };
    };
    const resources = values?.root_module.resources ?? [];
    return Object.fromEntries(resources.map((one) => [one.address, one.values]));
  }

  /** Runs Terraform, which must end well; resolves to what it printed. */
  async ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#run(args);
    if (code === 0) return stdout;
    throw new Error(`terraform ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  }

  async #say(command: string, ...args: readonly string[]): Promise<Said> {
    const { code, stdout } = await this.#run([command, '-json', '-input=false', ...args]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    return {
      code,
      diagnostics: lines.flatMap(({ diagnostic }) => diagnostic ?? []),
      changes: Object.fromEntries(
        lines.flatMap(({ type, change }) =>
          type === 'planned_change' && change ? [[change.resource.addr, change.action]] : [],
        ),
      ),
    };
  }

  #run(args: readonly string[]) {
    const env = { ...cleanEnv(), ...quiet, HOME: this.dir };
    return run('terraform', [`-chdir=${this.dir}`, ...args], { env, timeoutMs });
  }
}
