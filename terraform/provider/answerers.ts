/** Owns putting the provider together: every call, answered by what is offered. */
import { dataSourceCalls } from './calls/data-sources.ts';
import { ephemeralCalls } from './calls/ephemeral.ts';
import { functionCalls } from './calls/functions.ts';
import { providerCalls } from './calls/provider.ts';
import { resourceCalls } from './calls/resources.ts';
import { offered } from './offered.ts';
import type { Answerers } from './plugin.ts';
import { Session } from './session.ts';

/** `env` is asked where a provider's block says nothing. */
export function answerers(env: NodeJS.ProcessEnv): Answerers {
  const session = new Session(env);
  return {
    ...providerCalls(offered, session),
    ...resourceCalls(offered.resources, session),
    ...dataSourceCalls(offered.dataSources, session),
    ...ephemeralCalls(offered.ephemeralResources, session),
    ...functionCalls(offered.functions),
  };
}
