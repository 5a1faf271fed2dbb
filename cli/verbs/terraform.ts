/** Owns `isthmus terraform`: making Terraform find the provider that came with this command. */
import { version } from '../../core/version.ts';
import type { Cli } from '../cli.ts';
import { linkProvider, pluginFolder, providerSource } from '../terraform-plugin.ts';
import type { Verb } from '../verb.ts';

export function terraformVerb(program: Verb, cli: Cli): void {
  const terraform = program
    .command('terraform')
    .description("Terraform's provider, which comes with this command.")
    .examples(['isthmus terraform install', 'for all configurations of this user'])
    .helpCommand(false);

  terraform
    .command('install')
    .argument('[folder]', 'Folder of one configuration; default: all of this user.')
    .description('Put the provider where `terraform init` finds it, without a registry.')
    .examples(
      ['isthmus terraform install', 'into ~/.terraform.d/plugins'],
      ['isthmus terraform install infrastructure', 'into infrastructure/terraform.d/plugins'],
    )
    .action(async (folder: string | undefined) => {
      const link = await linkProvider(pluginFolder(folder, cli.io.env), version);
      cli.print({ source: providerSource, version, path: link }, () => block);
      cli.note(`Terraform finds it at ${link}.`);
    });
}

/** What a configuration says to use it. */
const block = `terraform {
  required_providers {
    isthmus = {
      source  = "${providerSource}"
      version = "${version}"
    }
  }
}`;
