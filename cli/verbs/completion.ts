/** Owns `isthmus completion`: the script that teaches a shell this command. */
import { Argument } from 'commander';
import type { Cli } from '../cli.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { type Place, placesOf } from '../completion/places.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { choice, type Verb } from '../verb.ts';

const scripts: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};
const shells = Object.keys(scripts);

export function completionVerb(program: Verb, cli: Cli): void {
  const shell = new Argument('<shell>', 'The shell.').choices(shells);
  program
    .command('completion')
    .addArgument(shell.argParser((given: string) => choice('shell', given, shells)))
    .description('Print the completion script for a shell.')
    .examples(
      ['source <(isthmus completion bash)', 'in ~/.bashrc'],
      ['source <(isthmus completion zsh)', 'in ~/.zshrc, after compinit'],
      ['isthmus completion fish | source', 'in ~/.config/fish/config.fish'],
    )
    .action((name: string) => {
      cli.io.stdout.write(scripts[name]?.(placesOf(program)) ?? '');
    });
}
