// The completion script of each shell. All of them ask `cronctl __complete WORD...`, which prints
// one candidate a line, a tab and a description; the last word is the one being typed.
// A script never evaluates what was typed: pressing Tab must not run it.

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

export function scriptOf(shell: Shell): string {
  return scripts[shell];
}

// Bash divides words at = and : as well. The first loop puts together what stands together on the
// line; the candidates then lose what stands before the last = or :, since bash keeps that.
const bash = `# bash completion for cronctl
_cronctl() {
  local rest=$COMP_LINE before word index cur value quote= kept=
  local -a words=()
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    before=$rest
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    if ((index > 0)) && [[ $before == "$rest" && \${#words[@]} -gt 0 ]]; then
      words[\${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    rest=\${rest:\${#word}}
  done
  cur=\${words[\${#words[@]} - 1]}
  if [[ $cur == [\\"\\']* ]]; then
    quote=\${cur:0:1}
    cur=\${cur:1}
  else
    cur=\${cur//\\\\/}
    kept=\${cur%"\${cur##*[=:]}"}
  fi
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    [[ $value == "$cur"* ]] || continue
    value=\${value#"$kept"}
    [[ -n $quote ]] || printf -v value %q "$value"
    COMPREPLY+=("$value")
  done < <(cronctl __complete "\${words[@]:1:\${#words[@]} - 2}" "$cur" 2>/dev/null)
}
complete -o default -F _cronctl cronctl
`;

const zsh = `#compdef cronctl
# zsh completion for cronctl
_cronctl() {
  local -a lines candidates
  local line
  lines=("\${(@f)$(cronctl __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#candidates )); then
    _describe -V cronctl candidates
  else
    _files
  fi
}
if [[ \${funcstack[1]} == _cronctl ]]; then
  _cronctl "$@"
else
  compdef _cronctl cronctl
fi
`;

const fish = `# fish completion for cronctl
function __cronctl_complete
    set -l before (commandline -opc)
    set -e before[1]
    set -l current (commandline -ct)
    cronctl __complete $before "$current" 2>/dev/null
end
complete -c cronctl -f -a '(__cronctl_complete)'
complete -c cronctl -l token-file -r -F
`;

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
