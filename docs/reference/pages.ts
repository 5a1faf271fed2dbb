/** Owns the pages in this folder: one for each kind of policy, made from its schema and from an example. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldAt, type JsonSchema, type SchemaField } from '../../cli/schema-fields.ts';
import { jsonSchemaOf } from '../../policy/documents.ts';
import {
  collectionOf,
  type PolicyKindName,
  policyKindNames,
  singularOf,
} from '../../policy/kind-names.ts';
import { type PolicyKind, policyKinds } from '../../policy/kinds.ts';

const root = join(import.meta.dirname, '../..');

/** Where the words on a kind are that no schema has. */
const more: Readonly<Record<PolicyKindName, string>> = {
  TrafficPolicy: 'configuration',
  Route: 'routes',
  ServiceDefaults: 'what-a-service-is',
  ServiceExport: 'what-a-service-is',
  RateLimit: 'ratelimit',
  Egress: 'egress',
  Authentication: 'whose-tokens',
  Authorization: 'who-may-ask',
};

/** By their names within this folder. */
export function kindPages(): ReadonlyMap<string, string> {
  return new Map(policyKindNames.map((kind) => [`${singularOf(kind)}.md`, pageOf(kind)]));
}

/** The names of pages that are not as they would be made, those that are no kind's among them. */
export function outdatedPages(): string[] {
  const made = kindPages();
  const kept = globSync('*.md', { cwd: import.meta.dirname });
  const names = new Set([...made.keys(), ...kept]);
  return [...names].filter((name) => !kept.includes(name) || made.get(name) !== read(name)).sort();
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}

function pageOf(kind: PolicyKindName): string {
  const declared = policyKinds[kind] as unknown as PolicyKind;
  const schema = jsonSchemaOf({ [kind]: declared }) as JsonSchema;
  const resource = declared.resource ?? singularOf(kind).replaceAll('-', '_');
  const collection = collectionOf(kind);
  return `# ${kind}

${declared.summary}. [More in words](../reference.md#${more[kind]}).

${exampleOf(kind)}

| by | |
| --- | --- |
| file | \`isthmus apply -f FILE\`, \`isthmus get ${collection}\` |
| API | \`/v1/${collection}/{namespace}/{name}\`, and \`/v1/federation/${collection}/{namespace}/{name}\` for the whole federation |
| Terraform | [\`isthmus_${resource}\`](../../terraform/provider/docs/resources/${resource}.md) |

## Fields of \`metadata\`

${tableOf(schema, ['metadata'])}

## Fields of \`spec\`

${tableOf(schema, ['spec'])}

This page is made from the schema by \`npm run docs:reference\`.
`;
}

/** The first document of the kind in the folder of examples, and what its file says above it. */
function exampleOf(kind: PolicyKindName): string {
  for (const file of globSync('examples/policies/*.yaml', { cwd: root }).sort()) {
    const documents = readFileSync(join(root, file), 'utf8').split(/^---\n/m);
    const document = documents.find((text) => new RegExp(`^kind: ${kind}$`, 'm').test(text));
    if (document === undefined) continue;
    const lines = document.trim().replaceAll(/^(?=.)/gm, '    ');
    return `In [\`${file}\`](../../${file}):\n\n${lines}`;
  }
  throw new Error(`examples/policies has no ${kind}`);
}

function tableOf(schema: JsonSchema, path: readonly string[]): string {
  const rows = rowsBelow(schema, path, '');
  return ['| field | type | default | says |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** `before`: the path as rows have it, `rules[].matches[].`. */
function rowsBelow(schema: JsonSchema, path: readonly string[], before: string): string[] {
  const at = fieldAt(schema, path);
  if ('missing' in at) throw new Error(`${path.join('.')} leads to no field`);
  return at.found.fields.flatMap((field) => {
    const name = `${before}${field.name}`;
    const inner = `${name}${field.type.includes('list of') ? '[]' : ''}.`;
    return [rowOf(name, field), ...rowsBelow(schema, [...path, field.name], inner)];
  });
}

function rowOf(name: string, field: SchemaField): string {
  const { type, bounds, default: given, isRequired, description = '' } = field;
  const kept = given === undefined ? '' : `\`${JSON.stringify(given)}\``;
  const cells = [
    `\`${name}\``,
    bounds === undefined ? type : `${type}, ${bounds}`,
    isRequired ? 'required' : kept,
    description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
