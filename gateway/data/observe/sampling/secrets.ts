/** Owns what is never kept of a request: values that are secrets, or may be. Of such a field or parameter it is kept that it was there. */

/** In the names of fields and parameters whose values are, more often than not, secrets. */
const secretNames =
  /auth|cookie|token|secret|passw|credential|session|signature|assertion|jwt|csrf|xsrf|api-?key|access-?key/i;
/** Parameters that are secrets under names too short to look for in the middle of others. */
const secretParams = /^(?:key|sig|pass|pwd|code|state|sid|apikey)$/i;
/** A credential of HTTP (RFC 9110 section 11.4), or a JSON Web Token, under whatever name. */
const secretValues = /^(?:bearer|basic|digest|negotiate|token)\s|\beyJ[\w-]+\.[\w-]*/i;

/** Whether a path has a JSON Web Token in it. */
export function hasTokenIn(path: string): boolean {
  return /\beyJ[\w-]+\./.test(path);
}

/** Whether the value of a field, whose name is in lower case, is left out. */
export function isSecretField(name: string, value: string): boolean {
  return secretNames.test(name) || secretValues.test(value);
}

/** The target of a request with the values of its secret parameters left out, and the names of those. */
export function withoutSecrets(target: string): {
  readonly path: string;
  readonly withheld: readonly string[];
} {
  const at = target.indexOf('?');
  if (at < 0) return { path: target, withheld: [] };
  const withheld: string[] = [];
  const pairs = target.slice(at + 1).split('&');
  const kept = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decoded(pair.slice(equals + 1));
    const isSecret =
      secretNames.test(name) || secretParams.test(name) || secretValues.test(value.trimStart());
    if (!isSecret || value === '') return pair;
    withheld.push(name);
    return `${pair.slice(0, equals)}=`;
  });
  return { path: `${target.slice(0, at)}?${kept.join('&')}`, withheld };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
