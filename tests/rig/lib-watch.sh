# SPDX-License-Identifier: MIT
#
# Words for tests of the watcher. Sourced after lib.sh.

uuid=12345678-0000-4000-8000-0123456789ab

# An HVM guest, domain 3, with its QEMU.
win10_up()
{
    xenstore_up
    domain_up 3 hvm win10
    qemu_up 3
}

# guest_file NAME LINE...: write the file NAME.cfg at once, as an editor does, for an HVM guest. Without a line
# "name=...", it is for the domain NAME. $into: the directory, instead of guests.
guest_file()
{
    local name=$1 new=$T/${into:-guests}/.new
    shift
    mkdir -p "$T/${into:-guests}"
    { [[ $1 = name=* ]] || echo "name='$name'"; printf '%s\n' "type='hvm'"; printf '%s\n' "$@"; } >"$new"
    mv "$new" "$T/${into:-guests}/$name.cfg"
}

# watch_up [ARGS...]: start the watcher and wait until it watches. $watcher is its process id. $watched: what it
# reads, instead of $T/guests; empty: what it reads without arguments.
watch_up()
{
    local socket=$T/notify
    mkdir -p "$T/guests"
    rm -f "$socket" "$socket.said"
    python3 -u - "$socket" >"$socket.said" <<'END' &
import socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
while True:
    print(server.recv(4096).decode())
END
    notified=$!
    wait_for test -S "$socket"
    # shellcheck disable=SC2086 # WRAP is several words
    LD_PRELOAD="$RIG/fakexen.so${LD_PRELOAD:+:$LD_PRELOAD}" NOTIFY_SOCKET=$socket \
        $WRAP "$XENUSB" watch "$@" ${watched-"$T/guests"} >>"$T/watch.out" 2>>"$T/watch.err" &
    watcher=$!
    wait_for grep -q '^READY=1' "$socket.said"
}

# End it as systemd does.
watch_down()
{
    local status=0
    kill -TERM "$watcher"
    wait "$watcher" || status=$?
    kill "$notified"
    [ $status = 0 ] || fail "the watcher ended with $status: $(tail -n 5 "$T/watch.err")"
}

# Wait until it has nothing to do: no child runs.
settle()
{
    sleep 0.2
    wait_for is_idle
}
is_idle() { ! pgrep -P "$watcher"; }

# told RE: how many lines of its output match.
told() { grep -c -E -e "$1" "$T/watch.out" || true; }
is_told() { grep -q -E -e "$1" "$T/watch.out"; }
wait_told() { wait_for is_told "$1"; }

is_attached()
{
    run xenusb list "$1"
    grep -q -E " $2 .* attached" <<<"$out"
}
wait_attached() { wait_for is_attached "$1" "$2"; }
