/** Owns the operation that reads a text of policies as `isthmus apply` would, for editors that have no reader of their own. */
import { policyKinds } from '../../../../policy/kinds.ts';
import { documentsIn } from '../../../../policy/read-documents.ts';
import { type Operation, operation } from '../operation.ts';
import { type PolicyReading, readBodySchema, readSchema } from '../schema/policy-reading.ts';

export const policyReadingOperation: Operation = operation({
  method: 'POST',
  path: '/v1/policies/read',
  id: 'readPolicies',
  tag: 'Policies',
  summary:
    'The policies that a text of YAML or JSON has, and all that is wrong with it, line by line',
  role: 'viewer',
  body: readBodySchema,
  answer: readSchema,
  onlyAsks: true,
  handle: ({ body }) => readingOf(body.text),
});

function readingOf(text: string): PolicyReading {
  const { documents, faults } = documentsIn([{ text, name: 'text' }], policyKinds);
  return {
    documents: documents.map(({ scope, kind, namespace, name, spec, unhonoured, place }) => ({
      ...{ scope, kind, namespace, name, spec, unhonoured },
      ...lineOf(place()),
    })),
    faults: faults.map(({ code, message, fix, where }) => ({
      ...{ code, what: message, fix },
      ...lineOf(where),
    })),
  };
}

/** Of `text:LINE:COLUMN`. */
function lineOf(place: string | undefined): { readonly line: number; readonly column: number } {
  const [, line = 1, column = 1] = /:(\d+):(\d+)$/.exec(place ?? '') ?? [];
  return { line: Number(line), column: Number(column) };
}
