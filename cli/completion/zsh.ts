/** Owns the completion script for zsh. */
import {
  type Offer,
  type Place,
  quoted,
  reachFlags,
  steps,
  type Values,
  valueOptions,
} from './places.ts';

export function zshCompletion(places: readonly Place[]): string {
  return `#compdef isthmus
# Completion of isthmus for zsh. Load it with: source <(isthmus completion zsh)
# or put it into a folder of $fpath as _isthmus.

_isthmus_live() {
  local -a names
  names=("\${(@f)$(\${words[1]} $flags __complete $1 2>/dev/null)}")
  compadd -a names
}

_isthmus() {
  local place='' word i
  local -a offers flags
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    case $word in
      (${reachFlags.join('|')}) flags+=($word "\${\${(Q)words[i+1]}/#\\~\\//$HOME/}") ;;
    esac
    case $word in
      (${valueOptions(places).join('|')}) ((i++)) ;;
    esac
    case $place/$word in
      (${steps(places).map(quoted).join('|')}) place=\${place:+$place }$word ;;
    esac
  done

  case $place/\${words[CURRENT-1]} in
${places.flatMap(valueCases).join('\n')}
  esac

  case $place in
${places.map(placeCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _isthmus ]]; then
  _isthmus "$@"
else
  compdef _isthmus isthmus
fi
`;
}

function valueCases({ path, options }: Place): string[] {
  return options.flatMap(({ values, words }) =>
    values === undefined
      ? []
      : [
          `    (${words.map((word) => quoted(`${path}/${word}`)).join('|')}) ${offer(values)}; return ;;`,
        ],
  );
}

function placeCase({ argument, options, path, verbs }: Place): string {
  const flags = options.flatMap(({ description, words }) =>
    words.map((word) => ({ word, description })),
  );
  const words = verbs.length === 0 ? offer(argument) : described('verb', verbs);
  return `    (${quoted(path)}) if [[ \${words[CURRENT]} == -* ]]; then ${described('option', flags)}; else ${words}; fi ;;`;
}

function offer(values: Values): string {
  if (values.kind === 'words') return `compadd -- ${values.words.map(quoted).join(' ')}`;
  if (values.kind === 'live') return `_isthmus_live ${values.of}`;
  if (values.kind === 'files') return '_files';
  return values.kind === 'folders' ? '_files -/' : ':';
}

function described(tag: string, offers: readonly Offer[]): string {
  const items = offers.map(({ description, word }) => quoted(`${word}:${description}`));
  return `offers=(${items.join(' ')}); _describe ${tag === 'option' ? '-o ' : ''}${tag} offers`;
}
