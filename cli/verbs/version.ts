/** Owns `isthmus version`: what runs here. */
import { version } from '../../core/version.ts';
import type { Cli } from '../cli.ts';
import { renderFields } from '../table.ts';
import type { Verb } from '../verb.ts';

export function versionVerb(program: Verb, cli: Cli): void {
  program
    .command('version')
    .description('Print the version of this command and of the Node.js it runs on.')
    .examples(['isthmus version', 'both versions'], ['isthmus version -o json', 'for a script'])
    .action(() => {
      const facts = {
        version,
        node: process.versions.node,
        platform: `${process.platform}-${process.arch}`,
      };
      cli.print(facts, (view) =>
        renderFields(
          [
            ['isthmus', facts.version],
            ['node', `${facts.node} (${facts.platform})`],
          ],
          view,
        ),
      );
    });
}
