/** Owns the operations on policies that are written while gateways run, of every kind there is. */
import type { Policies } from '../../../../policy/effective.ts';
import { policyKindNames } from '../../../../policy/kinds.ts';
import { writtenAt } from '../../../../policy/record.ts';
import type { PolicyView, WrittenPolicies } from '../../policies/written-policies.ts';
import type { Operation } from '../operation.ts';
import { resourceOperations } from '../resource-operations.ts';
import { policyResources } from '../resources/policies.ts';

interface PolicyParts {
  readonly policies: Policies;
  readonly writtenPolicies: Pick<WrittenPolicies, 'delete' | 'find' | 'get' | 'list' | 'put'>;
}

type Item = Record<string, unknown>;

export function policyOperations(gateway: PolicyParts): Operation[] {
  const { writtenPolicies } = gateway;
  const itemOf = (view: PolicyView) => policyItem(view, gateway.policies);
  return policyKindNames.flatMap((kind, i) => {
    const declared = policyResources[i];
    if (declared === undefined) return [];
    const namedBy = (params: Item) => ({
      ...{ kind, namespace: String(params['namespace']), name: String(params['name']) },
    });
    return resourceOperations(declared, {
      find(params) {
        const found = writtenPolicies.find(namedBy(params));
        return found && itemOf(found);
      },
      get: (params) => itemOf(writtenPolicies.get(namedBy(params))),
      put: async (params, spec, { caller, isConditional }) => {
        const change = { spec: spec as Item, by: caller.name, ifUnchanged: isConditional };
        return itemOf(await writtenPolicies.put(namedBy(params), change));
      },
      delete: (params, { caller, isConditional }) =>
        writtenPolicies.delete(namedBy(params), { by: caller.name, ifUnchanged: isConditional }),
      list: {
        key: (item) => `${(item as Item)['namespace']} ${(item as Item)['name']}`,
        items: () => writtenPolicies.list(kind).map(itemOf),
      },
    });
  });
}

function policyItem({ record, resource, problem }: PolicyView, policies: Policies): Item {
  const { cluster, namespace, name, spec, by, at } = record;
  const overruling = policies.overruling(resource.name);
  const reason =
    overruling === undefined
      ? problem && `The registry has another by now, which can't be used: ${problem.message}`
      : `${writtenAt(overruling)} is for the same, and comes first by its name`;
  return {
    ...{ cluster, namespace, name, ...spec, by, at },
    inForce: overruling === undefined,
    ...(reason !== undefined && { reason }),
  };
}
