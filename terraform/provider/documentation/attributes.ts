/** Owns the part of a page that describes attributes, as the Terraform registry lays it out: by who sets them, objects within below. */
import type { Attribute, Attributes, SetBy, Shape } from '../schema/attribute.ts';
import { textOf } from '../schema/message.ts';

const groups: readonly { readonly title: string; readonly setBy: readonly SetBy[] }[] = [
  { title: 'Required', setBy: ['required'] },
  { title: 'Optional', setBy: ['optional', 'chosen'] },
  { title: 'Read-Only', setBy: ['computed'] },
];

interface Nested {
  readonly path: string;
  readonly attributes: Attributes;
}

/** `## Schema` and all below it. */
export function schemaSection(attributes: Attributes): string {
  const nested: Nested[] = [];
  const top = groupsOf(attributes, '', nested, (title) => `### ${title}`);
  const sections = [`## Schema\n\n${top}`];
  for (const { path, attributes: inner } of nested) {
    const head = `<a id="${anchorOf(path)}"></a>\n### Nested Schema for \`${path}\``;
    sections.push(`${head}\n\n${groupsOf(inner, path, nested, (title) => `${title}:`)}`);
  }
  return sections.join('\n\n');
}

function groupsOf(
  attributes: Attributes,
  path: string,
  nested: Nested[],
  heading: (title: string) => string,
): string {
  return groups
    .flatMap(({ title, setBy }) => {
      const those = Object.entries(attributes)
        .filter(([, attribute]) => setBy.includes(attribute.setBy))
        .sort(([one], [other]) => (one < other ? -1 : 1));
      if (those.length === 0) return [];
      const lines = those.map(([name, attribute]) => lineOf(name, attribute, path, nested));
      return [`${heading(title)}\n\n${lines.join('\n')}`];
    })
    .join('\n\n');
}

function lineOf(name: string, attribute: Attribute, path: string, nested: Nested[]): string {
  const inner = objectIn(attribute.shape);
  const here = path === '' ? name : `${path}.${name}`;
  if (inner !== undefined) nested.push({ path: here, attributes: inner });
  const words = [
    `- \`${name}\` (${typeText(attribute.shape)}${attribute.sensitive ? ', Sensitive' : ''})`,
    textOf(attribute),
    inner && `(see [below for nested schema](#${anchorOf(here)}))`,
  ];
  return words.filter((word) => word).join(' ');
}

function anchorOf(path: string): string {
  return `nestedatt--${path.replaceAll('.', '--')}`;
}

function objectIn(shape: Shape): Attributes | undefined {
  if (shape.kind === 'object') return shape.attributes;
  return shape.kind === 'list' || shape.kind === 'map' ? objectIn(shape.of) : undefined;
}

const types = { string: 'String', number: 'Number', bool: 'Boolean' } as const;

export function typeText(shape: Shape): string {
  switch (shape.kind) {
    case 'object':
      return 'Attributes';
    case 'list':
    case 'map': {
      const collection = shape.kind === 'list' ? 'List' : 'Map';
      const isNested = objectIn(shape) !== undefined;
      return isNested ? `Attributes ${collection}` : `${collection} of ${typeText(shape.of)}`;
    }
    default:
      return types[shape.kind];
  }
}
