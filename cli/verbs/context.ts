/** Owns `isthmus context`: the gateways this command knows by name. */
import type { Cli } from '../cli.ts';
import { editConfigFile, readConfigFile } from '../config-file.ts';
import { configPath } from '../config-path.ts';
import { contextAdmin } from '../context.ts';
import { renderTable } from '../table.ts';
import type { Verb } from '../verb.ts';

export function contextVerb(program: Verb, cli: Cli): void {
  const path = configPath(cli.io.env);
  const context = program
    .command('context')
    .description('List, set, use or remove contexts: gateways by name.')
    .examples(
      ['isthmus context set dc2 http://10.2.0.1:7001', 'give a gateway a name'],
      ['isthmus context use dc2', 'commands go there from now on'],
      ['isthmus status --context dc1', 'one command goes elsewhere'],
    )
    .helpCommand(false);

  context
    .command('list')
    .description('List the contexts.')
    .examples(['isthmus context list', 'all, the current one marked'])
    .action(() => list(cli, path));
  context
    .command('set')
    .argument('<name>', 'Name of the context.')
    .argument('<address>', 'Admin API: http://host:port or unix:/path.')
    .description('Add a context, or change its address.')
    .examples(['isthmus context set dc2 unix:/run/isthmus/admin.sock', 'over a local socket'])
    .action(async (name: string, address: string) => {
      await editConfigFile(path, [[['contexts', name, 'admin'], address]]);
      cli.note(`Context ${name} is ${address}.`);
    });
  context
    .command('use')
    .argument('<context>', 'Name of the context.')
    .description('Make a context the current one.')
    .examples(['isthmus context use dc2', 'commands go there from now on'])
    .action(async (name: string) => {
      contextAdmin(await readConfigFile(path), name, path);
      await editConfigFile(path, [[['current'], name]]);
      cli.note(`Commands go to ${name} now.`);
    });
  context
    .command('remove')
    .argument('<context>', 'Name of the context.')
    .description('Forget a context.')
    .examples(['isthmus context remove dc2', 'the gateway itself is not touched'])
    .action(async (name: string) => {
      const file = await readConfigFile(path);
      contextAdmin(file, name, path);
      await editConfigFile(path, [
        [['contexts', name], undefined],
        ...(file.current === name ? ([[['current'], undefined]] as const) : []),
      ]);
      cli.note(`Context ${name} is gone.`);
    });
}

async function list(cli: Cli, path: string): Promise<void> {
  const file = await readConfigFile(path);
  const items = Object.entries(file.contexts).map(([name, { admin }]) => ({
    name,
    admin,
    current: name === file.current,
  }));
  cli.print({ items }, (view) =>
    items.length === 0
      ? ''
      : renderTable(
          [
            { title: 'CURRENT', cell: (c) => (c.current ? '*' : ' ') },
            { title: 'NAME', cell: (c) => c.name },
            { title: 'ADMIN', cell: (c) => c.admin },
          ],
          items,
          view,
        ),
  );
  if (items.length === 0) cli.note(`No contexts in ${path}.`);
}
