/** Owns fetching what a new policy of a kind begins as: the gateway's own description says what it takes. */
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../api/client.ts';
import { collectionPath, type PolicyScope } from '../../api/policies.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { vantage } from '../../live/vantage.ts';
import { type Schema, skeletonOf } from './skeleton.ts';

interface Description {
  readonly paths: Readonly<Record<string, { readonly put?: Put } | undefined>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Put {
  readonly parameters?: readonly { readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
}

export function useSkeleton(
  kind: string,
  scope: PolicyScope,
): { readonly text?: string; readonly problem?: Problem } {
  const from = vantage.value;
  const of = `${from} ${scope} ${kind}`;
  const [state, setState] = useState<{ of?: string; text?: string; problem?: Problem }>({});
  useEffect(() => {
    const aborter = new AbortController();
    call<Description>('/openapi.json', { signal: aborter.signal }).then(
      (description) => setState({ of, text: textIn(description, kind, scope) }),
      (thrown: unknown) => {
        if (!aborter.signal.aborted) setState({ of, problem: problemOf(thrown) });
      },
    );
    return () => aborter.abort();
  }, [of]);
  return state.of === of ? state : {};
}

/** A gateway of another version may not have the kind: it says so once it is asked to save. */
function textIn({ paths, components }: Description, kind: string, scope: PolicyScope): string {
  const put = paths[`${collectionPath(scope, kind)}/{namespace}/{name}`]?.put;
  const naming = put?.parameters?.find(({ name }) => name === 'name')?.schema.description;
  const named = Object.fromEntries(
    Object.entries(components.schemas).map(([name, schema]) => [
      `#/components/schemas/${name}`,
      schema,
    ]),
  );
  const spec = put?.requestBody?.content['application/json']?.schema ?? {};
  return skeletonOf({ kind, naming: naming ?? 'Name of the policy', spec, named });
}
