#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""terminal.py COLUMNS COMMAND... - run it on a terminal; lib-terminal.sh has its words.

Prints all that is written to the terminal, and writes to the file $SCREEN what is on the screen in
the end: a terminal without a bottom that knows carriage returns and erases to the end of a line.
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

KEYS = {"^C": b"\x03"}


def screen_of(output):
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.", output, re.DOTALL):
        if part == "\r":
            column = 0
        elif part == "\n":
            lines.append("")
            column = 0
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        elif len(part) == 1:
            line = lines[-1].ljust(column)
            lines[-1] = line[:column] + part + line[column + 1:]
            column += 1
    return "\n".join(lines)


def own_terminal(end):
    os.setsid()
    fcntl.ioctl(end, termios.TIOCSCTTY, 0)


def main(columns, *command):
    wanted, _, keys = os.environ["TYPES"].rpartition(" ")
    errors = os.environ["STDERR"]
    terminal, end = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
    if os.environ["IN_BACKGROUND"]:
        command = ["bash", "-c", 'set -m; "$@" & wait $!', "bash", *command]
    with open(errors or os.devnull, "wb") as file:
        child = subprocess.Popen(command, stdin=end, stdout=end, stderr=file if errors else end,
                                 preexec_fn=lambda: own_terminal(end))
    os.close(end)
    output = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
        if wanted and re.search(wanted.encode(), output):
            os.write(terminal, KEYS[keys])
            wanted = ""
    os.write(1, output.replace(b"\r\n", b"\n"))
    with open(os.environ["SCREEN"], "w", encoding="utf-8") as file:
        file.write(screen_of(output.replace(b"\r\n", b"\n").decode(errors="replace")))
    return child.wait()


sys.exit(main(*sys.argv[1:]))
