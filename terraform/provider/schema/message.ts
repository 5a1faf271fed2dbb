/** Owns how attributes are told to Terraform. */
import type { AttributeMessage, SchemaMessage } from '../protocol/messages.ts';
import type { Attribute, Attributes, Shape } from './attribute.ts';

export function schemaMessage(description: string, attributes: Attributes): SchemaMessage {
  return {
    version: 0,
    block: {
      version: 0,
      attributes: attributeMessages(attributes),
      description: sentence(description),
      description_kind: 'MARKDOWN',
    },
  };
}

function attributeMessages(attributes: Attributes): AttributeMessage[] {
  return Object.entries(attributes).map(([name, attribute]) => {
    const { setBy, sensitive = false, shape } = attribute;
    return {
      name,
      ...typeOf(shape),
      description: textOf(attribute),
      description_kind: 'MARKDOWN',
      required: setBy === 'required',
      optional: setBy === 'optional' || setBy === 'chosen',
      computed: setBy === 'computed' || setBy === 'chosen',
      sensitive,
    };
  });
}

/** What is or holds objects is told attribute by attribute, so that each can be described and left out. */
function typeOf(shape: Shape): Pick<AttributeMessage, 'type' | 'nested_type'> {
  if (shape.kind === 'object') return nested('SINGLE', shape.attributes);
  if ((shape.kind === 'list' || shape.kind === 'map') && shape.of.kind === 'object') {
    return nested(shape.kind === 'list' ? 'LIST' : 'MAP', shape.of.attributes);
  }
  return { type: typeConstraint(shape) };
}

function nested(nesting: 'SINGLE' | 'LIST' | 'MAP', attributes: Attributes) {
  return { nested_type: { nesting, attributes: attributeMessages(attributes) } };
}

/** A type constraint, as JSON. */
export function typeConstraint(shape: Shape): Uint8Array {
  return Buffer.from(JSON.stringify(constraint(shape)));
}

function constraint(shape: Shape): unknown {
  switch (shape.kind) {
    case 'list':
    case 'map':
      return [shape.kind, constraint(shape.of)];
    case 'object': {
      const types = Object.entries(shape.attributes).map(
        ([name, attribute]) => [name, constraint(attribute.shape)] as const,
      );
      return ['object', Object.fromEntries(types)];
    }
    default:
      return shape.kind;
  }
}

/** An attribute's description, with the values it may have and its default. */
export function textOf({ description, shape, default: fallback }: Attribute): string {
  const values = shape.kind === 'string' ? shape.oneOf : undefined;
  const texts = [
    description,
    values === undefined ? '' : `One of ${values.map((one) => `\`${one}\``).join(', ')}`,
    fallback === undefined || fallback === '' || typeof fallback === 'object'
      ? ''
      : `Default \`${String(fallback)}\``,
  ];
  return texts
    .filter((text) => text !== '')
    .map(sentence)
    .join(' ');
}

export function sentence(text: string): string {
  return /[.!?]$/.test(text) || text === '' ? text : `${text}.`;
}
