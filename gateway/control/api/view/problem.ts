/** Owns how the admin API tells of something that is wrong. */
import type { IsthmusError } from '../../../../core/errors.ts';
import type { ProblemItem } from '../answers.ts';

export function problemItem({ code, message, where, fix }: IsthmusError): ProblemItem {
  return { code, what: message, ...(where === undefined ? {} : { where }), fix };
}
