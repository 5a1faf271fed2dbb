/** Owns what a document is that says a policy: its apiVersion, kind, metadata and spec, as files have them. */
import { z } from 'zod';
import { labelSchema } from '../registry/model.ts';
import type { PolicyKind } from './kinds.ts';

export const documentVersion = 'isthmus/v1';

/** Namespace of documents that name none, as in Kubernetes. */
export const defaultNamespace = 'default';

/** A document of one kind, in strict shape: what nobody would keep, such as labels, is not taken. */
export function documentSchema(kind: string, { naming, spec, summary }: PolicyKind) {
  return z
    .strictObject({
      apiVersion: z.literal(documentVersion).describe('Version of the document'),
      kind: z.literal(kind).describe('Kind of the policy'),
      metadata: z
        .strictObject({
          name: labelSchema.describe(naming),
          namespace: labelSchema
            .optional()
            .describe(`Namespace that it is in; default \`${defaultNamespace}\``),
          scope: z
            .enum(['cluster', 'federation'])
            .optional()
            .describe('Whose gateways go by it: `cluster`, the default, or `federation`'),
        })
        .describe('What it is called'),
      spec: spec.describe('What it says'),
    })
    .describe(summary);
}

/** All kinds in one JSON Schema, or one of them: what an editor completes and checks by. */
export function jsonSchemaOf(kinds: Readonly<Record<string, PolicyKind>>): Record<string, unknown> {
  const documents = Object.entries(kinds).map(([kind, declared]) => documentSchema(kind, declared));
  const [first, ...more] = documents;
  if (first === undefined) return {};
  const schema = more.length === 0 ? first : z.union([first, ...more]);
  const { anyOf, ...rest } = z.toJSONSchema(schema, { io: 'input', override: bounded });
  return anyOf === undefined ? rest : { ...rest, oneOf: anyOf };
}

/** Bounds of all safe integers say nothing. */
function bounded({ jsonSchema }: { readonly jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
}
