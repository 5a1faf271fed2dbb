/** Specifies the text that a new policy begins as: of every kind there is, all of it can be read, and what must be said stands there. */
import test from 'ava';
import { parse } from 'yaml';
import { z } from 'zod';
import { type PolicyKind, policyKinds } from '../../policy/kinds.ts';
import { documentsIn } from '../../policy/read-documents.ts';
import { type Schema, skeletonOf } from '../../ui/src/views/policies/skeleton.ts';

const kinds: Readonly<Record<string, PolicyKind>> = policyKinds;

function begun(kind: string, { naming, spec }: PolicyKind): string {
  return skeletonOf({ kind, naming, spec: z.toJSONSchema(spec, { io: 'input' }) as Schema });
}

for (const [kind, declared] of Object.entries(kinds)) {
  test(`a ${kind} is begun as a document of its kind that lacks only what its author must choose`, (t) => {
    const { faults } = documentsIn([{ text: begun(kind, declared), name: kind }], kinds);
    t.deepEqual(
      faults.filter(({ code }) => code !== 'CONFIG_INVALID'),
      [],
      'no syntax fault, no unknown key',
    );
    for (const { message } of faults) t.regex(message, /^spec\./);
  });

  test(`each comment of a ${kind} that shows a field is a field once its mark is taken away`, (t) => {
    const shown = begun(kind, declared)
      .split('\n')
      .map((line) => line.replace(/^(\s*)# (?=(?:\s|[a-z]\w*:(?: |$)))/, '$1'));
    const { spec } = parse(shown.filter((line) => !/^\s*#/.test(line)).join('\n')) as {
      spec: Record<string, unknown>;
    };
    t.deepEqual(Object.keys(spec).sort(), Object.keys(declared.spec.shape).sort());
  });
}

test('required fields come first with the least they may be, the others as comments with their defaults', (t) => {
  const spec: Schema = {
    properties: {
      per: { type: 'string', default: '1s', description: 'In what time' },
      requests: { type: 'integer', minimum: 5, description: 'How many' },
      target: { properties: { service: { type: 'string', description: 'Whose' } } },
      action: { $ref: '#/x' },
    },
    required: ['requests', 'action'],
  };
  const named = { '#/x': { enum: ['ALLOW', 'DENY'] } };
  t.is(
    skeletonOf({ kind: 'RateLimit', naming: 'Its name', spec, named }),
    `apiVersion: isthmus/v1
kind: RateLimit
metadata:
  # Its name
  name: new-rate-limit
  namespace: default
spec:
  # How many
  requests: 5
  action: ALLOW
  # In what time
  # per: 1s
  # target:
  #   # Whose
  #   service: ""
`,
  );
});
