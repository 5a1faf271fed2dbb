/** Owns one policy as it is at the gateway, with the tag by which it may be changed: fetched again whenever somebody has written it. */
import { useEffect, useState } from 'preact/hooks';
import { callTagged } from '../../api/client.ts';
import { apiPath, type PolicyId, type PolicyItem } from '../../api/policies.ts';
import { type Problem, problemOf } from '../../api/problem.ts';
import { vantage } from '../../live/vantage.ts';

/** What is told of a policy, apart from what it says. */
export interface Written {
  readonly told: PolicyItem;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly tag: string;
}

interface Fetched {
  readonly written?: Written;
  readonly problem?: Problem;
}

/** `version` is another after each change that was heard of. */
export function usePolicy(id: PolicyId, version: unknown): Fetched {
  const path = apiPath(id);
  const from = vantage.value;
  const [state, setState] = useState<Fetched & { readonly of?: string }>({});
  const of = `${from} ${path}`;
  useEffect(() => {
    const aborter = new AbortController();
    fetchPolicy(path, aborter.signal).then(
      (written) => setState({ of, written }),
      (thrown: unknown) => {
        if (!aborter.signal.aborted) setState({ of, problem: problemOf(thrown) });
      },
    );
    return () => aborter.abort();
  }, [of, version]);
  return state.of === of ? state : {};
}

/** Throws a ProblemError. */
async function fetchPolicy(path: string, signal: AbortSignal): Promise<Written> {
  const { value, tag } = await callTagged<PolicyItem>(path, { signal });
  const { cluster, namespace, name, scope, by, at, set, inForce, reason, warnings, ...spec } =
    value;
  const told = { cluster, namespace, name, scope, by, at, inForce, warnings };
  return {
    told: { ...told, ...(set !== undefined && { set }), ...(reason !== undefined && { reason }) },
    spec,
    tag,
  };
}
