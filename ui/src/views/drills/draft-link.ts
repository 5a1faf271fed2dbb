/** Owns a drill being composed as a link says it: filled in, to be run again or changed. */
import { drillKinds, fieldNames, fieldsOf } from '../../../../federation/drills/fields.ts';
import { changedUrl } from '../../url/changed-url.ts';
import { blank, type Draft, targetFrom } from './draft.ts';

/** The parts of a draft that a link's parameters give. */
export function draftFrom(query: Readonly<Record<string, string>>): Partial<Draft> {
  const kind = drillKinds.find((one) => one === query['kind']);
  const said = fieldNames.flatMap((name) => (query[name] ? [[name, query[name]] as const] : []));
  const fields: Partial<Draft> = Object.fromEntries(said);
  const target = targetFrom(fields);
  return { ...(kind && { kind }), ...(target && { target }), ...fields };
}

/** In a link that says all of a drill: what it leaves out has its default, whatever was typed before. */
export const freshParameter = 'fresh';

/** The link that fills a drill in as it is. */
export function composeHref(written: Draft): string {
  const { kind, target } = written;
  const said = fieldsOf(kind, target).filter((name) => written[name] !== blank[name]);
  const fields = Object.fromEntries(said.map((name) => [name, written[name]]));
  return changedUrl('/drills/new', { [freshParameter]: 'yes', kind, ...fields });
}
