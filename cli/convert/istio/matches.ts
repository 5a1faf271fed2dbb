/** Owns which requests an HTTPMatchRequest of Istio is for, in the words of a Route; one that can't be said whole is not made, for it would be for more. */
import type { Field, Reasons } from '../field.ts';
import { quoted, stringPrefix } from '../patterns.ts';
import type { Match, Named } from '../rules.ts';

export const matchReasons: Reasons = {
  'match.ignoreUriCase': 'paths are told apart by case: use a RegularExpression with (?i)',
  'match.withoutHeaders': 'a Route says which fields are there, not which are missing',
  'match.sourceLabels': 'gateways know callers by their identity: an Authorization goes by it',
  'match.sourceNamespace': 'gateways know callers by their identity: an Authorization goes by it',
  'match.gateways': 'a Route is for the listeners of its parentRefs: make one for each',
  'match.port': 'a Route is for all ports of a listener',
  'match.scheme': 'a Route is for whatever scheme its listener has',
  'match.statPrefix': 'metrics are by service and route',
};

/** Of each that can be said. */
export function matchesOf(rule: Field): readonly { readonly match: Match; readonly from: Field }[] {
  return rule.list('match').flatMap((from) => {
    const match = matchOf(from);
    from.at('name')?.take();
    from.at('statPrefix')?.leave();
    const { isWhole } = from;
    from.leaveRest();
    if (isWhole && from.isWhole) return [{ match, from }];
    if (isWhole)
      from.differs('the match is left out: without what it can not say it would be for more');
    return [];
  });
}

function matchOf(from: Field): Match {
  const path = pathOf(from.at('uri'));
  const method = exactOf(from.at('method'));
  const authority = from.at('authority');
  const headers = [
    ...(from.at('headers')?.fields ?? []).flatMap((field) => namedOf(field) ?? []),
    ...(authority ? (namedOf(authority, 'host') ?? []) : []),
  ];
  const queryParams = (from.at('queryParams')?.fields ?? []).flatMap((one) => namedOf(one) ?? []);
  return {
    ...(path && { path }),
    ...(method !== undefined && { method: method as NonNullable<Match['method']> }),
    ...(headers.length > 0 && { headers }),
    ...(queryParams.length > 0 && { queryParams }),
  };
}

function pathOf(uri: Field | undefined): Match['path'] {
  const exact = uri?.text('exact');
  if (exact !== undefined) return { type: 'Exact', value: exact };
  const prefix = uri?.text('prefix');
  if (prefix !== undefined) return stringPrefix(uri?.at('prefix'), prefix);
  const regex = uri?.text('regex');
  return regex === undefined ? undefined : { type: 'RegularExpression', value: regex };
}

function exactOf(field: Field | undefined): string | undefined {
  return field?.text('exact');
}

/** Undefined, and told, where it says something else. A StringMatch that says nothing means that the field is there. */
function namedOf(field: Field, name = field.key): Named[] | undefined {
  const exact = field.text('exact');
  if (exact === '') {
    field.leave('a field without a value can not be asked for');
    return undefined;
  }
  if (exact !== undefined) return [{ name, value: exact }];
  const prefix = field.text('prefix');
  const regex = prefix === undefined ? field.text('regex') : `${quoted(prefix)}.*`;
  if (regex !== undefined) return [{ type: 'RegularExpression', name, value: regex }];
  if (field.fields.length > 0) return undefined;
  field.take();
  return [{ type: 'RegularExpression', name, value: '.*' }];
}
