/** Owns `${VAR}` in the values of a YAML document: replaced by what the environment has, never in keys or comments. */
import { type Document, isScalar, parseDocument, type Scalar, visit } from 'yaml';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A reference, whatever is in it; or `$${`, which stands for `${`. */
const reference = /\$\$\{|\$\{([^}]*)\}?/g;
const wellFormed = /^\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}$/;

/**
 * Replaces the references in `document`: `${VAR}`, or `${VAR:-default}` where the variable may be unset or empty. What stands
 * unquoted is read again as YAML reads a plain value, so that it may be a number or a truth value, never a list or a map.
 * Calls `fault` with what is wrong and the offset of the value.
 */
export function replaceReferences(
  document: Document,
  environment: Environment,
  fault: (what: string, offset: number) => never,
): void {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return;
      const refuse = (what: string) => fault(what, node.range?.[0] ?? 0);
      const text = node.value.replaceAll(reference, (found) =>
        found === '$${' ? '${' : resolved(found, environment, refuse),
      );
      node.value = isPlain(node) ? typed(text) : text;
    },
  });
}

/** A value of the environment may be a secret: no fault quotes it. */
function resolved(
  found: string,
  environment: Environment,
  refuse: (what: string) => never,
): string {
  const [, name = '', otherwise] = wellFormed.exec(found) ?? [];
  if (name === '') return refuse(`${found} is neither \${VAR} nor \${VAR:-default}`);
  const value = environment[name];
  if (value !== undefined && (value !== '' || otherwise === undefined)) return value;
  return otherwise ?? refuse(`the environment has no ${name}`);
}

function isPlain({ type }: Scalar): boolean {
  return type === 'PLAIN';
}

function typed(text: string): unknown {
  const { contents, errors } = parseDocument(text);
  const isOne = errors.length === 0 && isScalar(contents) && isPlain(contents);
  return isOne && contents.source === text ? contents.value : text;
}
