/** Owns finding the token of a request, at the places that rules name. */

import type { JwtRule } from '../../../../policy/authentication.ts';
import type { RequestHead } from '../../message/message.ts';
import { cookiesIn, paramsIn, type TokenPlace } from '../../message/token-removal.ts';

export interface FoundToken {
  readonly text: string;
  /** Its number among the places that are looked at. */
  readonly at: number;
}

/** The places of a rule; the usual one where it names none. */
export function placesOf({ fromHeaders, fromParams, fromCookies }: JwtRule): TokenPlace[] {
  if (!fromHeaders && !fromParams && !fromCookies) {
    return [{ in: 'header', name: 'authorization', prefix: 'Bearer ' }];
  }
  return [
    ...(fromHeaders ?? []).map(
      ({ name, prefix }) => ({ in: 'header', name: name.toLowerCase(), prefix }) as const,
    ),
    ...(fromParams ?? []).map((name) => ({ in: 'param', name }) as const),
    ...(fromCookies ?? []).map((name) => ({ in: 'cookie', name }) as const),
  ];
}

/** The one token of a request; `several` where it has more, of which nobody could say which counts. */
export function tokenIn(
  head: RequestHead,
  places: readonly TokenPlace[],
): FoundToken | 'several' | undefined {
  let found: FoundToken | undefined;
  for (let at = 0; at < places.length; at++) {
    for (const text of textsAt(head, places[at] as TokenPlace)) {
      if (found !== undefined) return 'several';
      found = { text, at };
    }
  }
  return found;
}

function textsAt({ fields, path }: RequestHead, place: TokenPlace): readonly string[] {
  switch (place.in) {
    case 'param':
      return paramsIn(path, place.name);
    case 'cookie':
      return fields.all('cookie').flatMap((value) => cookiesIn(value, place.name));
    case 'header': {
      const { prefix } = place;
      const values = fields.all(place.name);
      if (prefix === '') return values;
      // RFC 9110 section 11.1: a scheme's name is the same in any case.
      return values.flatMap((value) =>
        value.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase()
          ? [value.slice(prefix.length).trim()]
          : [],
      );
    }
  }
}
