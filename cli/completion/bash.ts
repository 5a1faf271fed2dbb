/** Owns the completion script for bash 3.2 and later. */
import { type Place, quoted, reachFlags, steps, type Values, valueOptions } from './places.ts';

/** Offers are compared as they are, never expanded (`compgen -W` would run what it is given): names come from elsewhere. */
export function bashCompletion(places: readonly Place[]): string {
  return `# Completion of isthmus for bash. Load it with: source <(isthmus completion bash)

_isthmus_offer() {
  local line
  while IFS= read -r line; do
    if [[ $line == "$cur"* ]]; then COMPREPLY+=("$line"); fi
  done
}

_isthmus_live() {
  _isthmus_offer < <("\${COMP_WORDS[0]}" \${flags[@]+"\${flags[@]}"} __complete "$1" 2>/dev/null)
}

_isthmus_paths() {
  compopt -o filenames 2>/dev/null
  _isthmus_offer < <(compgen "$1" -- "$cur")
}

_isthmus() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} place='' word value i
  local -a flags
  flags=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${reachFlags.join(' | ')})
        value=\${COMP_WORDS[i+1]}
        flags+=("$word" "\${value/#~\\//$HOME/}") ;;
    esac
    case $word in
      ${valueOptions(places).join(' | ')}) i=$((i + 1)) ;;
    esac
    case $place/$word in
      ${steps(places).map(quoted).join(' | ')}) place=\${place:+$place }$word ;;
    esac
  done

  case $place/$prev in
${places.flatMap(valueCases).join('\n')}
  esac

  case $place in
${places.map(placeCase).join('\n')}
  esac
}

complete -F _isthmus isthmus
`;
}

function valueCases({ path, options }: Place): string[] {
  return options.flatMap(({ values, words }) =>
    values === undefined
      ? []
      : [
          `    ${words.map((word) => quoted(`${path}/${word}`)).join(' | ')}) ${offer(values)}; return ;;`,
        ],
  );
}

function placeCase({ argument, options, path, verbs }: Place): string {
  const flags = lines(options.flatMap(({ words }) => words));
  const words = verbs.length === 0 ? offer(argument) : lines(verbs.map(({ word }) => word));
  return `    ${quoted(path)}) if [[ $cur == -* ]]; then ${flags}; else ${words}; fi ;;`;
}

function offer(values: Values): string {
  if (values.kind === 'words') return lines(values.words);
  if (values.kind === 'live') return `_isthmus_live ${values.of}`;
  if (values.kind === 'files') return '_isthmus_paths -f';
  return values.kind === 'folders' ? '_isthmus_paths -d' : ':';
}

function lines(words: readonly string[]): string {
  return `_isthmus_offer < <(printf '%s\\n' ${words.map(quoted).join(' ')})`;
}
