/** Owns finding the rule of a Route that a request goes by, and what that changes of it. */
import { IsthmusError } from '../../../../core/errors.ts';
import type { Exchange } from '../../message/exchange.ts';
import { Passage } from '../../message/passage.ts';
import type { Recorder } from '../../observe/record.ts';
import { OwnAnswer, type Said, type Step } from '../step.ts';
import { changedPath } from './rewrite.ts';
import type { Route } from './route-table.ts';
import type { Filters } from './rule.ts';
import type { Fit } from './rule-set.ts';

/** Raw octets have no path, and go by no rule. */
export function byRule(recorder: Pick<Recorder, 'decided'>): Step {
  return {
    slot: 'route',
    take(exchange, route) {
      const rules = route?.governed?.rules;
      return rules && fitted(exchange, route, rules.find.bind(rules), recorder);
    },
  };
}

function fitted(
  exchange: Exchange,
  { isHost, service }: Route,
  find: (head: Exchange['head']) => Fit | undefined,
  recorder: Pick<Recorder, 'decided'>,
): Said {
  const { head } = exchange;
  const isRaw = head.tunnel?.kind === 'tcp';
  if (isRaw && !isHost) return undefined;
  const fit = isRaw ? undefined : find(head);
  if (fit === undefined) {
    const asked = isHost ? JSON.stringify(head.authority) : service;
    return new IsthmusError('ROUTE_NOT_FOUND', {
      what: `No rule of the Routes for ${asked} is for this request`,
      fix: 'Ask for what one of them matches, or write a rule that matches it: isthmus get routes.',
    });
  }
  exchange.passage ??= new Passage();
  exchange.passage.fit = fit;
  const preflight = changeBy(exchange, exchange.passage, fit.rule, fit.prefix);
  if (preflight !== undefined) recorder.decided(fit.rule.policy, 'preflight');
  return preflight;
}

/** Makes the changes that filters ask for. An answer: to a browser that asks before a request. */
export function changeBy(
  { head }: Exchange,
  passage: Passage,
  { request, response, rewrite, cors }: Filters,
  prefix: string | undefined,
): OwnAnswer | undefined {
  if (cors !== undefined) {
    const told = cors.preflight(head);
    if (told !== undefined) return new OwnAnswer(204, told);
    const edits = cors.edits(head);
    if (edits !== undefined) passage.editResponse(edits);
  }
  if (request !== undefined) passage.editRequest(request);
  if (response !== undefined) passage.editResponse(response);
  if (rewrite !== undefined) {
    const { hostname, path } = rewrite;
    if (hostname !== undefined) passage.authority = hostname;
    if (path !== undefined && head.path !== '*') {
      passage.path = changedPath(head.path, path, prefix ?? '');
    }
  }
  return undefined;
}
