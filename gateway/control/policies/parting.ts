/** Owns what a cluster has to give to another before it leaves: its word for the whole federation, which ends with its membership. */
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { Charter } from '../../../federation/charter.ts';
import { singularOf } from '../../../policy/kind-names.ts';
import type { PolicyView } from './written-policies.ts';

interface Word {
  readonly self: ClusterName;
  /** Undefined where it is not known who founded the federation. */
  readonly charter: Charter | undefined;
  readonly policies: readonly Pick<PolicyView, 'record' | 'scope'>[];
}

/** Policies that an error names; of more it says how many. */
const named = 5;

/** Throws LEAVE_REFUSED where the cluster is the founder, or wrote policies of the whole federation that are in force until it leaves. */
export function refuseLoss({ self, charter, policies }: Word): void {
  if (charter?.founder === self) {
    throw new IsthmusError('LEAVE_REFUSED', {
      what: `${self} is the founder: once it has left nobody can say any more who may write policies of the whole federation`,
      fix: 'Hand over first: `isthmus grant founder CLUSTER`. With force it leaves all the same.',
    });
  }
  const own = policies.filter(
    ({ record, scope }) => scope === 'federation' && record.cluster === self,
  );
  if (own.length === 0) return;
  const names = own
    .slice(0, named)
    .map(({ record: { kind, namespace, name } }) => `${singularOf(kind)} ${namespace}/${name}`);
  const more = own.length > named ? `, and ${own.length - named} more` : '';
  throw new IsthmusError('LEAVE_REFUSED', {
    what: `${self} wrote policies of the whole federation, which are in force no more once it has left: ${names.join(', ')}${more}`,
    fix: 'Have another cluster that may write them take them over: there `isthmus apply --take-over -f`, or delete them. With force it leaves all the same.',
  });
}
