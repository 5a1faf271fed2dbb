/** Owns the pages on the provider in the form that the Terraform registry shows: one for each thing that is offered. */
import type { Offer, ProviderFunction } from '../offer.ts';
import type { Attributes } from '../schema/attribute.ts';
import { sentence } from '../schema/message.ts';
import { schemaSection, typeText } from './attributes.ts';

interface Documented {
  readonly offer: Offer;
  /** The attributes of a provider's block. */
  readonly configuration: Attributes;
  /** What stands on the first page before its schema, in Markdown. */
  readonly about: string;
  /** The text of an example, by its path within `examples/`; undefined where there is none. */
  example(path: string): string | undefined;
}

const provider = 'isthmus';

/** By their paths within `docs/`. */
export function pagesOf(documented: Documented): ReadonlyMap<string, string> {
  const { offer, configuration, about, example } = documented;
  const pages = new Map<string, string>();
  const index = [about, exampleSection(example('provider/provider.tf'))];
  pages.set(
    'index.md',
    page('Isthmus Provider', 'What a federation of Isthmus gateways is to do', [
      '# Isthmus Provider',
      ...index,
      schemaSection(configuration),
    ]),
  );
  for (const { folder, kind, file, things } of kindsOf(offer)) {
    for (const thing of things) {
      const type = `${provider}_${thing.name}`;
      const own = `${folder}/${type}`;
      pages.set(
        `${folder}/${thing.name}.md`,
        page(`${type} ${kind}`, thing.description, [
          `# ${type} (${kind})`,
          sentence(thing.description),
          exampleSection(example(`${own}/${file}`)),
          schemaSection(thing.attributes),
          importSection(example(`${own}/import.sh`) ?? importOf(type, thing)),
        ]),
      );
    }
  }
  for (const one of offer.functions) {
    const text = example(`functions/${one.name}/function.tf`);
    pages.set(`functions/${one.name}.md`, functionPage(one, text));
  }
  return pages;
}

function kindsOf({ resources, dataSources, ephemeralResources }: Offer) {
  const [resource, dataSource, ephemeral] = [
    { folder: 'resources', kind: 'Resource', file: 'resource.tf' },
    { folder: 'data-sources', kind: 'Data Source', file: 'data-source.tf' },
    { folder: 'ephemeral-resources', kind: 'Ephemeral Resource', file: 'ephemeral-resource.tf' },
  ] as const;
  return [
    { ...resource, things: resources },
    { ...dataSource, things: dataSources },
    { ...ephemeral, things: ephemeralResources },
  ];
}

/** Where no example of it is kept. */
function importOf(type: string, thing: object): string | undefined {
  const form = 'importForm' in thing ? thing.importForm : undefined;
  return form === undefined ? undefined : `terraform import ${type}.example ${form}`;
}

function functionPage(
  { name, description, parameters, returns }: ProviderFunction,
  example: string | undefined,
): string {
  const signature = parameters.map((one) => `${one.name} ${typeText(one.shape).toLowerCase()}`);
  const result = returns.kind === 'object' ? 'object' : typeText(returns).toLowerCase();
  const fields = returns.kind === 'object' ? Object.entries(returns.attributes) : [];
  return page(`${name} function`, description, [
    `# function: ${name}`,
    sentence(description),
    exampleSection(example),
    `## Signature\n\n\`\`\`text\n${name}(${signature.join(', ')}) ${result}\n\`\`\``,
    `## Arguments\n\n${parameters
      .map(
        (one, at) =>
          `${at + 1}. \`${one.name}\` (${typeText(one.shape)}) ${sentence(one.description)}`,
      )
      .join('\n')}`,
    fields.length === 0
      ? ''
      : `## Result\n\n${fields
          .map(
            ([field, one]) =>
              `- \`${field}\` (${typeText(one.shape)}) ${sentence(one.description)}`,
          )
          .join('\n')}`,
  ]);
}

function page(title: string, description: string, parts: readonly string[]): string {
  const head = [
    '---',
    `page_title: "${title} - ${provider}"`,
    'subcategory: ""',
    'description: |-',
    `  ${sentence(description)}`,
    '---',
  ];
  return `${[head.join('\n'), ...parts.filter((part) => part !== '')].join('\n\n')}\n`;
}

function exampleSection(text: string | undefined): string {
  return text === undefined ? '' : `## Example Usage\n\n\`\`\`terraform\n${text.trim()}\n\`\`\``;
}

function importSection(text: string | undefined): string {
  return text === undefined ? '' : `## Import\n\n\`\`\`shell\n${text.trim()}\n\`\`\``;
}
