/** Owns changing some parameters of a URL and leaving the others. */

/** `url` is path and query; undefined or an empty value removes a parameter. */
export function changedUrl(
  url: string,
  patch: Readonly<Record<string, string | undefined>>,
): string {
  const [path = '/', search = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(search);
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined || value === '') parameters.delete(name);
    else parameters.set(name, value);
  }
  const next = parameters.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return next === '' ? path : `${path}?${next}`;
}
