/** Owns what is told to whoever runs Terraform: what is wrong, where in the configuration, and what to do. */

import { errorCodes } from '../../core/error-codes.ts';
import { asIsthmusError, type ErrorCode, type IsthmusError } from '../../core/errors.ts';
import type { AttributePath, DiagnosticMessage } from './protocol/messages.ts';

/** Names of attributes and keys of maps, and indices of lists, from the outermost in. */
export type Path = readonly PathKey[];
export type PathKey =
  | { readonly attribute: string }
  | { readonly key: string }
  | { readonly index: number };

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly summary: string;
  readonly detail: string;
  /** Absent where it is about the whole block. */
  readonly at?: Path | undefined;
}

/** What ends a call, told in full. */
export class Refusal extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(...diagnostics: readonly Diagnostic[]) {
    super(diagnostics[0]?.summary);
    this.diagnostics = diagnostics;
  }
}

/** The advice that is for the command line, said for Terraform. */
const advice: Partial<Record<ErrorCode, string>> = {
  ADMIN_UNREACHABLE:
    'Is the gateway running? Name its admin API by `address` of the provider, or ISTHMUS_ADMIN.',
  TIMED_OUT: 'Apply again; if it persists run `isthmus check` beside the gateway.',
  UNAUTHENTICATED:
    'Give the provider `token` or `token_file` (ISTHMUS_ADMIN_TOKEN), or a client certificate.',
  CONTEXT_NOT_FOUND: 'Correct `context` of the provider, or ISTHMUS_CONTEXT.',
  RATE_LIMITED: 'Apply again with a lower -parallelism, or raise `retries` of the provider.',
};

/** The diagnostics of anything thrown. */
export function diagnosticsOf(thrown: unknown): readonly Diagnostic[] {
  return thrown instanceof Refusal ? thrown.diagnostics : [diagnosticOf(asIsthmusError(thrown))];
}

/** `at` is where in the configuration the fault is, where that is known. */
export function diagnosticOf(error: IsthmusError, at?: Path): Diagnostic {
  const { code, message, where } = error;
  const isUsual = error.fix === errorCodes[code].fix;
  const fix = (isUsual ? advice[code] : undefined) ?? error.fix;
  const place = where === undefined || at !== undefined ? '' : ` (${where})`;
  return {
    severity: 'error',
    summary: errorCodes[code].title,
    detail: `${message}${place}.\n\n${fix}`,
    at,
  };
}

/** Terraform shows the line of an attribute of the block; what is deeper in that is named in the text. */
export function diagnosticMessage({
  severity,
  summary,
  detail,
  at = [],
}: Diagnostic): DiagnosticMessage {
  const isDeep = at.length > 1;
  return {
    severity: severity === 'error' ? 'ERROR' : 'WARNING',
    summary,
    detail: isDeep ? `${written(at)}: ${detail}` : detail,
    ...(at.length > 0 && { attribute: pathMessage(at.slice(0, 1)) }),
  };
}

/** `spec.scope`, `blackouts[0].from`, `labels["tier"]`. */
function written(path: Path): string {
  return path
    .map((step) => {
      if ('attribute' in step) return `.${step.attribute}`;
      return `[${'key' in step ? JSON.stringify(step.key) : step.index}]`;
    })
    .join('')
    .slice(1);
}

export function pathMessage(path: Path): AttributePath {
  return {
    steps: path.map((step) => {
      if ('attribute' in step) return { attribute_name: step.attribute };
      return 'key' in step ? { element_key_string: step.key } : { element_key_int: step.index };
    }),
  };
}
