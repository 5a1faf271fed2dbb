/** Owns the API's description (OpenAPI 3.1), made from the same declarations that route, check and answer. */
import { z } from 'zod';
import { IsthmusError } from '../../../core/errors.ts';
import { type Operation, operation } from './operation.ts';
import { resources } from './resources.ts';
import { problemSchema } from './schema/problem.ts';

type Json = Record<string, unknown>;

interface OpenApi extends Json {
  readonly openapi: string;
  /** By path, then by method in lower case. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> } & Json;
}

/** Describes `operations`; named shapes are said once. */
function describe(operations: readonly Operation[], version: string): OpenApi {
  const components = new Components();
  const paths: Record<string, Record<string, Json>> = {};
  const readable = new Set(operations.filter(isGet).map(({ path }) => path));
  for (const one of operations) {
    const path = paths[one.path] ?? {};
    paths[one.path] = path;
    path[one.method.toLowerCase()] = described(one, readable.has(one.path), components);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Isthmus admin API',
      version,
      description:
        'What a gateway knows and does. Below `/clusters/{cluster}` there is the same API of every other cluster.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{}, { bearer: [] }, { certificate: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    'x-resources': pathsOfResources(new Set(Object.keys(paths))),
    components: {
      schemas: components.schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        certificate: { type: 'mutualTLS' },
      },
    },
  };
}

/** The kinds of resource that this gateway has, with their paths: a tool of another version looks here before it asks for one. */
function pathsOfResources(here: ReadonlySet<string>): Readonly<Record<string, string>> {
  const those = resources.filter(({ path }) => here.has(path));
  return Object.fromEntries(those.map(({ name, path }) => [name, path]));
}

/** `GET /openapi.json` of the other operations, and of itself. */
export function openApiOperation(operations: readonly Operation[], version: string): Operation {
  let description: OpenApi | undefined;
  const own: Operation = operation({
    method: 'GET',
    path: '/openapi.json',
    id: 'getDescription',
    tag: 'Gateway',
    summary: 'This description',
    role: 'anyone',
    answer: z.looseObject({ openapi: z.string() }),
    handle: () => {
      description ??= describe([...operations, own], version);
      return description;
    },
  });
  return own;
}

function isGet({ method }: Operation): boolean {
  return method === 'GET';
}

function described(one: Operation, isReadable: boolean, components: Components): Json {
  const { id, tag, summary, role, status = one.answer || one.media ? 200 : 204 } = one;
  const parameters = [
    ...parametersOf(one.params, 'path', components),
    ...parametersOf(one.query, 'query', components),
    ...(one.current ? [ifMatch] : []),
    ...(one.current && one.method === 'PUT' ? [ifNoneMatch] : []),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    'x-role': role,
    ...(role === 'anyone' ? { security: [{}] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(one.body
      ? { requestBody: { required: true, content: jsonOf(components.onWire(one.body)) } }
      : {}),
    responses: {
      [status]: success(one, isReadable, components),
      ...Object.fromEntries(
        Object.entries(one.also ?? {}).map(([other, description]) => [
          other,
          { ...success(one, isReadable, components), description },
        ]),
      ),
      default: {
        description: 'A refusal or failure (RFC 9457)',
        content: { 'application/problem+json': { schema: components.onWire(problemSchema) } },
      },
    },
  };
}

function success(one: Operation, isReadable: boolean, components: Components): Json {
  const { answer, media, method, current, summary } = one;
  if (media) {
    // What a handler writes by itself is text, unless it says of what shape.
    const schema = answer ? components.onWire(answer) : { type: 'string' };
    return { description: summary, content: { [media]: { schema } } };
  }
  if (!answer) return { description: 'Done' };
  const isTagged = method === 'GET' || (method === 'PUT' && isReadable && current !== undefined);
  return {
    description: summary,
    ...(isTagged ? { headers: { ETag: { schema: { type: 'string' } } } } : {}),
    content: jsonOf(components.onWire(answer)),
  };
}

function jsonOf(schema: Json): Json {
  return { 'application/json': { schema } };
}

const ifMatch: Json = {
  name: 'If-Match',
  in: 'header',
  description: 'The `ETag` of what is to be replaced: 412 when it is another by now',
  schema: { type: 'string' },
};

const ifNoneMatch: Json = {
  name: 'If-None-Match',
  in: 'header',
  description: "`*`: only make it, don't replace what is there: 412 when there is one",
  schema: { type: 'string' },
};

function parametersOf(
  schema: z.ZodType | undefined,
  where: 'path' | 'query',
  components: Components,
): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = components.onWire(schema) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }));
}

/** The named shapes met so far. */
class Components {
  readonly schemas: Record<string, Json> = {};

  /** A shape as it is on the wire, in bodies and answers: before whoever reads it parses it into values of his own. */
  onWire(schema: z.ZodType): Json {
    const options = { io: 'input', override: plain } as const;
    const { $schema: _, $defs, ...own } = z.toJSONSchema(schema, options) as Json;
    for (const [name, definition] of Object.entries(($defs as Record<string, Json>) ?? {})) {
      this.#name(name, definition);
    }
    return referring(own) as Json;
  }

  /** One name, one shape: whoever generates a client relies on it. */
  #name(name: string, definition: Json): void {
    const shape = referring(definition) as Json;
    const known = this.schemas[name];
    if (known && JSON.stringify(known) !== JSON.stringify(shape)) {
      throw new IsthmusError('INTERNAL', { what: `Two shapes of the API are called ${name}` });
    }
    this.schemas[name] = shape;
  }
}

/** `readOnly` tells parts of a body from parts of an answer; ours are either. Bounds of all safe integers say nothing. */
function plain({ jsonSchema }: { readonly jsonSchema: Json }): void {
  delete jsonSchema['readOnly'];
  delete jsonSchema['id'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
}

/** With references to where an OpenAPI document keeps its named shapes. */
function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', '#/components/schemas/')
        : referring(inner),
    ]),
  );
}
