# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Pages of docs/ that show screens are what their commands print: in their blocks of "console" each line that begins
# with a prompt is run on a terminal of 80 columns, and what follows must be what is then on the screen. The other
# blocks with a name are files, and comments ("<!-- rig: ... -->") are words of the rig. UPDATE=1 writes what is
# printed into the page. Needs lib-terminal.sh.

# The programs whose commands are run.
PAGE_PROGRAMS='xenusb|cp|mkdir|systemctl|journalctl|xl|qemu-system-x86_64'

# screen COMMAND: run it, and print what is then on the screen.
screen()
{
    local words
    eval "words=($1)"
    : >"$T/screen"
    case ${words[0]} in
        xenusb) on_terminal 80 "${words[@]:1}" ;;
        *) "${words[@]}" >"$T/screen" ;;
    esac
    sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}/2026-11-29 10:00/; s/\(process [0-9]+\)/(process 812)/
        s/QEMU [0-9]+\.[0-9]+\.[0-9]+ at /QEMU 7.2.22 at /
        s/ +$//; $a\' "$T/screen" | sed '${/^$/d}'
}

# run_page PAGE: print it with what its commands print now.
run_page()
{
    local line block='' file
    while IFS= read -r -u 3 line; do
        case $block:$line in
            :'```console') block=console ;;
            :'```'?*' '*)
                block=file file=${line#* }
                : >"$file"
                ;;
            *:'```') block='' ;;
            :'<!-- rig: '*) line_of=${line#<!-- rig: } && eval "${line_of% -->}" >"$T/word" ;;
            console:*)
                [[ $line =~ ^[#$]\ ($PAGE_PROGRAMS)\  ]] || continue
                echo "$line"
                screen "${line#? }"
                continue
                ;;
            file:*) echo "$line" >>"$file" ;;
        esac
        echo "$line"
    done 3<"$1"
}

# want_page NAME: the page of that name in docs/ is what its commands print.
want_page()
{
    local page=$TOP/docs/$1.md
    export LC_ALL=C.UTF-8 NO_COLOR=1
    mkdir "$T/here"
    cd "$T/here"
    unfollowed=all unfollowed_why='the page shows what is suggested'
    run_page "$page" >"$T/$1.md"
    [ -z "${UPDATE:-}" ] || cp "$T/$1.md" "$page"
    diff -u "$page" "$T/$1.md" || fail 'the page is not what its commands print'
}
