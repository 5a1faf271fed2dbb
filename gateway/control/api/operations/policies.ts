/** Owns the operations on policies that are written while gateways run, of every kind there is. */
import type { WrittenPolicies } from '../../policies/written-policies.ts';
import type { Operation } from '../operation.ts';
import { resourceOperations } from '../resource-operations.ts';
import { policyResources } from '../resources/policies.ts';
import { type PolicyItemParts, policyItem } from '../view/policies.ts';

/** The parts of a gateway that policies are told and written by. */
export interface PolicyParts extends PolicyItemParts {
  readonly writtenPolicies: Pick<WrittenPolicies, 'delete' | 'find' | 'get' | 'list' | 'put'>;
}

type Item = Record<string, unknown>;

export function policyOperations(gateway: PolicyParts): Operation[] {
  const { writtenPolicies } = gateway;
  return policyResources.flatMap(({ kind, scope, resource }) => {
    const namedBy = (params: Item) => ({
      ...{ scope, kind, namespace: String(params['namespace']), name: String(params['name']) },
    });
    return resourceOperations(resource, {
      find(params) {
        const found = writtenPolicies.find(namedBy(params));
        return found && policyItem(gateway, found);
      },
      get: (params) => policyItem(gateway, writtenPolicies.get(namedBy(params))),
      put: async (params, spec, { caller, isConditional, query }) => {
        const set = query['set'] as string | undefined;
        const change = { spec: spec as Item, by: caller.name, set, ifUnchanged: isConditional };
        return policyItem(gateway, await writtenPolicies.put(namedBy(params), change));
      },
      delete: (params, { caller, isConditional }) =>
        writtenPolicies.delete(namedBy(params), { by: caller.name, ifUnchanged: isConditional }),
      list: {
        key: (item) => `${(item as Item)['namespace']} ${(item as Item)['name']}`,
        items: () => writtenPolicies.list(kind, scope).map((view) => policyItem(gateway, view)),
      },
    });
  });
}
