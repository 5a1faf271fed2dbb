/** Owns `isthmus explain-schema`: what a kind of document may say, field by field, for people and for editors. */

import type { Cli } from '../cli.ts';
import { jsonSchemaFormat } from '../output.ts';
import { kindGiven, kindWords, listedKinds } from '../policy-kinds.ts';
import type { JsonSchema, SchemaField } from '../schema-fields.ts';
import { renderTable, type View } from '../table.ts';
import { printable } from '../terminal.ts';
import type { Verb } from '../verb.ts';

export function explainSchemaVerb(program: Verb, cli: Cli): void {
  const verb = program
    .command('explain-schema')
    .argument('[kind]', 'A kind, or a field of one: <kind>.<path>. Without one all kinds.')
    .description('Show what documents may say: fields, types, defaults. Asks no gateway.')
    .examples(
      ['isthmus explain-schema traffic-policy', 'what a document of this kind has'],
      ['isthmus explain-schema TrafficPolicy.spec.balance.outlier', 'one field of it'],
      [
        'isthmus explain-schema -o json-schema > isthmus.schema.json',
        'all kinds, for an editor to complete and check by',
      ],
    )
    .takesFormat(jsonSchemaFormat)
    .action((given: string | undefined) => explain(verb, cli, given));
  // Words that a shell offers; a path may follow.
  const [argument] = verb.registeredArguments;
  if (argument) argument.argChoices = [...kindWords];
}

async function explain(verb: Verb, cli: Cli, given: string | undefined): Promise<void> {
  const [{ policyKinds }, { documentVersion, jsonSchemaOf }, { fieldAt }] = await Promise.all([
    import('../../policy/kinds.ts'),
    import('../../policy/documents.ts'),
    import('../schema-fields.ts'),
  ]);
  const [word, ...path] = (given ?? '').split('.');
  const kinds = given === undefined ? listedKinds : [kindGiven(word ?? '')];
  const schema = jsonSchemaOf(
    Object.fromEntries(kinds.map(({ kind }) => [kind, policyKinds[kind]])) as never,
  ) as JsonSchema;
  if (cli.format === jsonSchemaFormat && path.length === 0) {
    return void cli.io.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
  }
  if (given === undefined) {
    const rows = kinds.map(({ kind }) => ({ kind, summary: policyKinds[kind].summary }));
    return cli.print({ apiVersion: documentVersion, kinds: rows }, (view) =>
      renderTable(
        [
          { title: 'KIND', cell: ({ kind }) => kind },
          { title: 'SAYS', cell: ({ summary }) => summary, overlong: 'continued' },
        ],
        rows,
        view,
      ),
    );
  }
  const found = fieldAt(schema, path);
  if ('missing' in found) {
    const near = found.nearest === undefined ? '' : `Did you mean ${found.nearest}? `;
    const known = found.known.length === 0 ? '' : `There are ${found.known.join(', ')}. `;
    throw verb.misuse(`${given} leads to no field: there is no ${found.missing}`, near || known);
  }
  if (cli.format === jsonSchemaFormat) {
    throw verb.misuse('A JSON Schema is of a kind as a whole, or of all', 'Leave out the path. ');
  }
  const name = [kinds[0]?.kind, ...path].join('.');
  cli.print({ ...found.found, name }, (view) => layout(name, found.found, view));
}

function layout(name: string, field: SchemaField, view: View): string {
  const head = [`${view.paint('bold', name)} <${field.type}>`, ...about(field)];
  const inner = field.fields.flatMap((one) => {
    const title = `${view.paint('bold', one.name)} <${one.type}>${one.isRequired ? ' required' : ''}`;
    return ['', `  ${title}`, ...about(one).map((line) => `    ${line}`)];
  });
  return printable([...head, ...inner].join('\n'));
}

function about({ description, default: given, bounds }: SchemaField): string[] {
  return [
    ...(description === undefined ? [] : [description]),
    ...(bounds === undefined ? [] : [bounds]),
    ...(given === undefined ? [] : [`default ${JSON.stringify(given)}`]),
  ];
}
