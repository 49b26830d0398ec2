# SPDX-License-Identifier: MIT
"""Clients of xenstored and QEMU that stay connected, so that looking at all of their state is cheap."""

import json
import socket
import struct
import threading

DIRECTORY, READ, GET_PERMS, TRANSACTION_START, TRANSACTION_END, WRITE, RM, SET_PERMS, ERROR = 1, 2, 3, 6, 7, 11, 13, 14, 16


class Gone(Exception):
    """A daemon does not answer."""


def connected(path):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(20)
    peer.connect(path)
    return peer


class Xenstore:
    """One connection; requests can be sent together (docs/misc/xenstore.txt)."""

    def __init__(self, path="/run/xenstored/socket"):
        self.socket = connected(path)
        self.file = self.socket.makefile("rb")
        self.transaction = 0

    def ask(self, requests):
        """Send (type, bytes) pairs; return the answers, None for an error."""
        answers = []
        for at in range(0, len(requests), 32):  # the daemon stops reading if it cannot answer
            part = requests[at:at + 32]
            self.socket.sendall(b"".join(struct.pack("<IIII", kind, number, self.transaction, len(body)) + body
                                         for number, (kind, body) in enumerate(part)))
            for _ in part:
                header = self.file.read(16)
                if len(header) < 16:
                    raise Gone("xenstored")
                kind, _, _, size = struct.unpack("<IIII", header)
                body = self.file.read(size)
                answers.append(None if kind == ERROR else body)
        return answers

    def at_once(self, work):
        """Do work() in a transaction, until that does not conflict with others; return what it does."""
        for _ in range(1000):
            self.transaction = int(self.ask([(TRANSACTION_START, b"\0")])[0].rstrip(b"\0"))
            try:
                result = work()
                if self.ask([(TRANSACTION_END, b"T\0")])[0] is not None:
                    return result
            finally:
                self.transaction = 0
        raise Gone("a transaction that is not disturbed")

    def dump(self):
        """All nodes: path to (value, permissions)."""
        nodes, level = {}, [""]
        while level:
            kinds = (DIRECTORY, READ, GET_PERMS)
            answers = self.ask([(kind, (path or "/").encode() + b"\0") for path in level for kind in kinds])
            below = []
            for at, path in enumerate(level):
                names, value, perms = answers[3 * at:3 * at + 3]
                if perms is not None:
                    nodes[path or "/"] = ((value or b"").decode("latin1"),
                                          perms.rstrip(b"\0").replace(b"\0", b",").decode())
                below += [path + "/" + name for name in (names or b"").decode("latin1").split("\0") if name]
            level = below
        return nodes

    def restore(self, nodes):
        """The opposite of dump()."""
        for path, (value, perms) in sorted(nodes.items()):
            if path != "/":
                self.write(path, value)
                self.permit(path, perms)

    def read(self, path):
        value = self.ask([(READ, path.encode() + b"\0")])[0]
        return None if value is None else value.decode("latin1")

    def write(self, path, value):
        return self.ask([(WRITE, path.encode() + b"\0" + value.encode("latin1"))])[0] is not None

    def remove(self, path):
        self.ask([(RM, path.encode() + b"\0")])

    def permit(self, path, perms):
        self.ask([(SET_PERMS, path.encode() + b"\0" + perms.encode().replace(b",", b"\0") + b"\0")])


class Monitor:
    """A second QMP monitor of a QEMU."""

    def __init__(self, path):
        self.socket = connected(path)
        self.file = self.socket.makefile("rb")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            line = self.file.readline()
            if not line:
                raise Gone("QEMU")
            answer = json.loads(line)
            if "event" not in answer:
                return answer.get("return")

    def tree(self):
        """The text of "info qtree": every device with its properties."""
        return self.ask("human-monitor-command", **{"command-line": "info qtree"}).replace("\r", "")


class Ejecting:
    """While it is entered, acts as a guest that ejects each PCI device that QEMU asks it to.

    docs/specs/acpi_pci_hotplug.rst: bus selector 0xae10, removal requested 0xae04, eject 0xae08.
    """

    PAUSE = 0.004

    def __init__(self, path):
        self.path, self.socket, self.thread, self.ends = path, None, None, threading.Event()

    def ask(self, line):
        self.socket.sendall(line.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            try:
                answer += self.socket.recv(4096)
            except TimeoutError:
                if self.ends.is_set():
                    raise
        return answer.split()

    def play(self):
        while not self.ends.wait(self.PAUSE):
            try:
                self.ask("outl 0xae10 0")
                wanted = int(self.ask("inl 0xae04")[1], 16)
                if wanted:
                    self.ask("outl 0xae08 %d" % wanted)
            except (OSError, IndexError):  # QEMU is stopped, or dead: its late answer must not be seen
                self.socket.close()
                self.socket = None
                return

    def __enter__(self):
        self.ends.clear()
        if not self.socket:
            self.socket = connected(self.path)
            self.socket.settimeout(self.PAUSE)
        self.thread = threading.Thread(target=self.play, daemon=True)
        self.thread.start()

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()
