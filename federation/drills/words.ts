/** Owns how drills are put into words wherever they are shown: scopes, and shares. */
import type { Scope } from './spec.ts';

/** The scope in words: `cluster dc1`, `orders.shop in dc1`, `link dc1 to dc2`. */
export function scopeText({ cluster, service, zone, link }: Partial<Scope>): string {
  if (link) return `link ${link.from} to ${link.to}`;
  if (service) return cluster ? `${service} in ${cluster}` : service;
  if (zone) return `zone ${zone} of ${cluster}`;
  return cluster ? `cluster ${cluster}` : 'every cluster';
}

/** `0.5 %`, with as many digits as say something. */
export function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
