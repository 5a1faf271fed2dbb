/** Owns making findings: what a check says of one thing. */
import type { IsthmusError } from '../../../core/errors.ts';
import type { checkLayers } from './layers.ts';

export interface Finding {
  readonly layer: (typeof checkLayers)[number];
  readonly level: 'ok' | 'warning' | 'error';
  readonly code: string;
  readonly what: string;
  readonly where?: string;
  readonly fix?: string;
}

/** A root with less than this left is worth a warning: replacing it needs every other cluster. */
export const rootWarningMs = 90 * 24 * 3600_000;

/** With less than this it is high time. */
export const rootErrorMs = 30 * 24 * 3600_000;

/** A clock further off than this makes short-lived certificates fail at one end. */
export const clockWarningMs = 30_000;
export const clockErrorMs = 60_000;

export function ok(layer: Finding['layer'], code: string, what: string): Finding {
  return { layer, level: 'ok', code, what };
}

export function warning(layer: Finding['layer'], code: string, what: string, fix: string): Finding {
  return { layer, level: 'warning', code, what, fix };
}

export function error(layer: Finding['layer'], code: string, what: string, fix: string): Finding {
  return { layer, level: 'error', code, what, fix };
}

export function fromError(
  layer: Finding['layer'],
  { code, message, where, fix }: IsthmusError,
): Finding {
  return {
    layer,
    level: 'error',
    code,
    what: message,
    ...(where === undefined ? {} : { where }),
    fix,
  };
}

export function age(ms: number): string {
  const hours = ms / 3600_000;
  if (hours < 48) return `${Math.max(0, hours).toFixed(1)} h`;
  return `${Math.floor(hours / 24)} days`;
}
