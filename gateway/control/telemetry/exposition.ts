/** Owns how metric families are written for a scrape: Prometheus text, or OpenMetrics where that is asked for. */
import { Registry, type RegistryContentType } from 'prom-client';
import type { Family } from './family.ts';

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** `accept` is the scraper's Accept field. Only OpenMetrics carries exemplars. */
export async function expose(
  families: Iterable<Family>,
  accept: string | undefined,
): Promise<Exposition> {
  const wantsOpenMetrics = accept?.includes('application/openmetrics-text') ?? false;
  const registry = new Registry<RegistryContentType>();
  if (wantsOpenMetrics) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const family of families) registry.registerMetric(new Exposed(family) as never);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** A metric as prom-client's registry wants it. The registry renames counters for OpenMetrics, so each scrape has its own. */
class Exposed {
  name: string;
  readonly help: string;
  readonly type: Family['type'];
  readonly values: Family['values'];

  constructor({ name, help, type, values }: Family) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.values = values;
  }

  get(): this {
    return this;
  }
}
