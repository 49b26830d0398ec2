# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Completion for bash: asks the program what can be typed.

_xenusb()
{
    local line=${COMP_LINE:0:COMP_POINT} word cut candidate
    local -a typed
    read -ra typed <<<"$line"
    [[ $line != *[[:blank:]] ]] || typed+=('')
    word=${typed[-1]}
    # readline replaces only what follows one of these.
    cut=${word%"${word##*[:=]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        COMPREPLY+=("$(printf %q "${candidate#"$cut"}")")
    done < <("${typed[0]}" complete "${typed[@]:1}" 2>/dev/null)
}
# Without an answer, names of files.
complete -o default -F _xenusb xenusb
