#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A QEMU that is hostile: between xenusb and a real QEMU, it passes on everything until it misbehaves.

    hostile.py serve SOCKET REAL MODE AT   listen at SOCKET, with the QEMU that listens at REAL
    hostile.py serve SOCKET REAL FILE      the same; each connection takes "MODE AT" from FILE, or is honest without it
    hostile.py modes                       print the modes

AT is the number of the first answer that is not passed on, 0 for the greeting and 1 for that to qmp_capabilities,
or the name of a command: the first answer to it, or with "after:" before it, the first answer to another command
after that. MODES has the modes.
"""
import json
import os
import select
import socket
import sys

GIGABYTE = 1 << 30
STRANGE = ['null', 'true', '-1', '1e308', '99999999999999999999999', '"\\u0000\\u001b[2J\\u202e"', '[]', '[[[]]]', '{}',
           '[null]', '[{}]', '[{"name": 1, "type": []}]', '{"return": {}}']
HOSTILE_NAME = '\u001b]0;owned\u0007\u202e\u009b\n../../x'


def repeat(client, piece):
    """Sends a gigabyte of it, unless the client hangs up."""
    block = piece * (1 + (1 << 20) // len(piece))
    for _ in range(GIGABYTE // len(block)):
        client.sendall(block)


def wait_for_end(client):
    while client.recv(1 << 16):
        pass


def renamed(value):
    """The same with hostile text at the end of every string."""
    if isinstance(value, dict):
        return {name: renamed(member) for name, member in value.items()}
    if isinstance(value, list):
        return [renamed(member) for member in value]
    return value + HOSTILE_NAME if isinstance(value, str) else value


def inverted(value):
    """The same with each truth value turned round, and each list without its last half."""
    if isinstance(value, dict):
        return {name: inverted(member) for name, member in value.items()}
    if isinstance(value, list):
        return [inverted(member) for member in value[:len(value) // 2]]
    return not value if isinstance(value, bool) else value


# These break the connection; each gets the client and the true answer as a line.
def stall(client, _):
    wait_for_end(client)


def flood(client, _):
    repeat(client, b'{"event": "RESET", "timestamp": {"seconds": 1, "microseconds": 1}}\n')


def long_line(client, _):
    client.sendall(b'{"return": "')
    repeat(client, b'x')


def blank_lines(client, _):
    repeat(client, b' \r\n\t')


def deep(client, _):
    client.sendall(b'[' * 300000)
    wait_for_end(client)


def deep_answer(client, line):
    number = json.loads(line).get('id', 0)
    client.sendall(b'{"id": %d, "return": ' % number + b'{"a":' * 300000 + b'1' + b'}' * 300001 + b'\n')
    wait_for_end(client)


def cut(client, line):
    client.sendall(line[:len(line) // 2])


def close(_client, _):
    pass


def raw_bytes(client, _):
    client.sendall(b'{"return": "\xff\xfe\xc3(\x1b[2J\x00"}\n')
    wait_for_end(client)


BREAKING = {f.__name__: f for f in (stall, flood, long_line, blank_lines, deep, deep_answer, cut, close, raw_bytes)}


# These lie, and stay connected; each returns the lines to send in place of the true answer.
def not_asked(answer, _):
    return [{'return': {}, 'id': number} for number in (-1, 0, 10 ** 9, 2 ** 63 - 1, 2 ** 70, '1', None)] + [answer]


def twice(answer, _):
    return [answer, answer]


def next_id(answer, _):
    return [{**answer, 'id': answer['id'] + 1} if isinstance(answer.get('id'), int) else answer]


def no_id(answer, _):
    return [{name: value for name, value in answer.items() if name != 'id'}]


def names(answer, _):
    return [{**answer, **{name: renamed(answer[name]) for name in ('return', 'error') if name in answer}}]


def opposite(answer, _):
    return [{**answer, **({'return': inverted(answer['return'])} if 'return' in answer else {})}]


def refuses(answer, _):
    return [{'error': {'class': HOSTILE_NAME, 'desc': HOSTILE_NAME * 1000}, 'id': answer.get('id')}]


def strange(answer, number):
    return [{'return': json.loads(STRANGE[number % len(STRANGE)]), 'id': answer.get('id')}]


def large(answer, _):
    return [{'return': [[]] * 300000, 'id': answer.get('id')}]


# "claims" answers what would change something without doing it.
LYING = {f.__name__: f for f in (not_asked, twice, next_id, no_id, names, opposite, refuses, strange, large)}
CLAIMS = ('device_add', 'device_del', 'blockdev-add', 'blockdev-del', 'chardev-add', 'chardev-remove')
MODES = [*BREAKING, *LYING, 'claims']


class Session:
    def __init__(self, client, qemu, mode, at):
        self.client, self.qemu, self.mode, self.at = client, qemu, mode, at
        self.asked = {}  # id: command
        self.count = 0
        self.started = False
        self.after = at[len('after:'):] if at.startswith('after:') else ''
        self.passed = False  # the answer to that command was

    def command(self, text):
        command = json.loads(text)
        self.asked[command.get('id')] = command.get('execute')
        if self.mode == 'claims' and command.get('execute') in CLAIMS:
            self.client.sendall(json.dumps({'return': {}, 'id': command.get('id')}).encode() + b'\n')
        else:
            self.qemu.sendall(text.encode() + b'\n')

    def answer(self, line):
        """Returns whether the connection goes on."""
        answer = json.loads(line)
        if 'event' not in answer:
            name = self.asked.get(answer.get('id'))
            self.started = self.started or self.at in (str(self.count), name) or (self.passed and name != self.after)
            self.passed = self.passed or name == self.after
            self.count += 1
        if not self.started or 'event' in answer or self.mode in ('claims', 'honest'):
            self.client.sendall(line)
        elif self.mode in BREAKING:
            BREAKING[self.mode](self.client, line)
            return False
        else:
            for told in LYING[self.mode](answer, self.count):
                self.client.sendall(json.dumps(told, separators=(',', ':')).encode() + b'\r\n')
        return True

    def run(self):
        decoder, said, heard = json.JSONDecoder(), '', b''
        while True:
            ready, _, _ = select.select([self.client, self.qemu], [], [])
            if self.client in ready:
                got = self.client.recv(1 << 16)
                if not got:
                    return
                said = (said + got.decode()).lstrip()
                while said:
                    try:
                        _, end = decoder.raw_decode(said)
                    except ValueError:
                        break
                    self.command(said[:end])
                    said = said[end:].lstrip()
            if self.qemu in ready:
                got = self.qemu.recv(1 << 16)
                if not got:
                    return
                *lines, heard = (heard + got).split(b'\n')
                for line in lines:
                    if not self.answer(line + b'\n'):
                        return


def how(file):
    """The mode and phase that FILE has now."""
    if not os.path.exists(file):
        return 'honest', ''
    with open(file, encoding='ascii') as words:
        return words.read().split()


def serve(path, real, *what):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(5)
    print('listening', flush=True)
    while True:
        client, _ = listener.accept()
        mode, at = what if len(what) == 2 else how(what[0])
        assert mode in (*MODES, 'honest'), mode
        with client, socket.socket(socket.AF_UNIX) as qemu:
            qemu.connect(real)
            try:
                Session(client, qemu, mode, at).run()
            except (BrokenPipeError, ConnectionResetError):
                pass


if sys.argv[1] == 'serve':
    serve(*sys.argv[2:])
elif sys.argv[1] == 'modes':
    print(*MODES)
