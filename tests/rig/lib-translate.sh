# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Shared by the tests of translate: the list of configs, and whether the real xl agrees.

configs()
{
    printf '%s\n' "$TOP"/examples/*.cfg "$TOP"/tests/golden/*.cfg "$TOP"/tests/golden-translate/*.cfg
    [ -z "${REAL_CONFIGS:-}" ] || printf '%s\n' "$REAL_CONFIGS"/*.cfg
}

# Print a config completed with what "xl create" requires, without BOM and carriage returns.
whole_guest()
{
    sed -e '1s/^\xef\xbb\xbf//' -e 's/\r$//' "$1"
    echo
    grep -q '^[[:blank:]]*name[[:blank:]]*=\|;[[:blank:]]*name[[:blank:]]*=' "$1" || echo "name = 'guest'"
    grep -q '^[[:blank:]]*memory[[:blank:]]*=' "$1" || echo 'memory = 64'
    if xenusb translate --to json "$1" 2>"$T/waiting" | grep -q '"type": "unknown"'; then
        { cat "$1" && echo "type = 'hvm'"; } >"$T/typed.cfg"
        xenusb check "$T/typed.cfg" >"$T/waiting" 2>&1 && echo "type = 'hvm'" || echo "type = 'pv'"
    fi
    grep -q '^[[:blank:]]*\(kernel\|bootloader\)[[:blank:]]*=' "$1" || echo "kernel = '/boot/guest'"
}

# True if xl accepts the file $1 and reads the same from it as we do.
xl_agrees()
{
    run xl create -n -q "$1"
    [ "$rc" = 0 ] || return 1
    cp "$T/out" "$T/xl.json"
    "$RIG/xlc" "$1" <"$T/xl.json" >"$T/difference"
}
