/** Owns what is known of who asks by a token of theirs that was verified. */

export interface VerifiedToken {
  /** `<iss>/<sub>`; absent where it names no subject. */
  readonly principal: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What a claim says as texts, found by the names that lead to it; none where it is not there, or is nothing that texts can be. */
export function claimTexts(
  { claims }: VerifiedToken,
  path: readonly string[],
  scopes: 'whole' | 'with-words' = 'with-words',
): readonly string[] {
  let at: unknown = claims;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return [];
    at = (at as Record<string, unknown>)[name];
  }
  const texts = (Array.isArray(at) ? at : [at]).flatMap(textOf);
  // RFC 8693 section 4.2: scopes are in one text, with spaces between.
  const isOfWords =
    scopes === 'with-words' &&
    path.length === 1 &&
    (path[0] === 'scope' || path[0] === 'permission');
  return isOfWords ? texts.flatMap((text) => [text, ...text.split(' ')]) : texts;
}

function textOf(value: unknown): string[] {
  switch (typeof value) {
    case 'string':
      return [value];
    case 'number':
    case 'boolean':
      return [String(value)];
    default:
      return [];
  }
}
