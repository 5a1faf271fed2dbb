/** Owns reading a client's certificate out of its element of `x-forwarded-client-cert`: the names that it proves. */

const pair = /(Hash|Subject|URI|DNS)=("(?:[^"\\]|\\.)*"|[^;"]*)(?:;|$)/y;

/** The URIs that a certificate is for. None of an element that is not in the form that gateways write. */
export function urisIn(element: string): string[] {
  const uris: string[] = [];
  pair.lastIndex = 0;
  while (pair.lastIndex < element.length) {
    const [, kind, value = ''] = pair.exec(element) ?? [];
    if (kind === undefined) return [];
    if (kind === 'URI') uris.push(unquoted(value));
  }
  return uris;
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value;
}
