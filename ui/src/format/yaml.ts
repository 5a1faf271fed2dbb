/** Owns writing plain values as YAML, as a person would: what it writes is read back as just the same. */

/** What other readers of YAML take for something else than text. */
const taken = /^(?:true|false|null|yes|no|on|off|y|n)$/i;
/** Text that needs no quotes: names, paths, and durations such as `30s`. */
const plain = /^(?:[A-Za-z_/][\w./-]*|\d+(?:ms|[smh]))$/;

/** Ends with a line break. A field that is undefined is left out. */
export function yamlOf(value: unknown): string {
  return `${lines(value).join('\n')}\n`;
}

/** A value that stands in one line after its key or dash. */
export function inlineYaml(value: unknown): string {
  if (typeof value === 'string')
    return plain.test(value) && !taken.test(value) ? value : quoted(value);
  return quoted(value);
}

/** JSON is YAML; but there these are line breaks. */
function quoted(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replaceAll(
    /[\u0085\u2028\u2029\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function lines(value: unknown): string[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item) => after('-', item, true));
  const fields = fieldsOf(value);
  if (fields.length === 0) return [inlineYaml(value)];
  return fields.flatMap(([key, inner]) => after(`${inlineYaml(key)}:`, inner, false));
}

/** What stands after a key, or after a dash, where the first line may stand beside it. */
function after(lead: string, value: unknown, isItem: boolean): string[] {
  const block = blockOf(value);
  if (block) return [`${lead} ${block.head}`, ...block.lines.map(indented)];
  const isEmpty = fieldsOf(value).length === 0 && !(Array.isArray(value) && value.length > 0);
  if (isEmpty) return [`${lead} ${inlineYaml(value)}`];
  const inner = lines(value);
  if (!isItem) return [lead, ...inner.map(indented)];
  const [first = '', ...more] = inner;
  return [`${lead} ${first}`, ...more.map(indented)];
}

/** Text of several lines, such as a certificate, stands as it is. */
function blockOf(value: unknown): { readonly head: string; readonly lines: string[] } | undefined {
  if (typeof value !== 'string' || !/^[!-~][ -~]*\n/.test(value)) return undefined;
  const own = value.replace(/\n$/, '').split('\n');
  if (!own.every((line) => /^(?:[ -~]*[!-~])?$/.test(line)) || own.at(-1) === '') return undefined;
  return { head: value.endsWith('\n') ? '|' : '|-', lines: own };
}

function fieldsOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).filter(([, inner]) => inner !== undefined);
}

function indented(line: string): string {
  return line === '' ? '' : `  ${line}`;
}
