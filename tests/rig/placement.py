#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""placement.py CONFIG... - check with a real QEMU that "xenusb apply" puts everything on the same ports
as a QEMU that is started with the output of "translate --to qemu", and one that gets the output of
"translate --to qmp". XENUSB, PLACEMENT and QEMU name the programs. Prints what it compared; the status
is 1 if a port differed."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time

QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
XENUSB = shlex.split(os.environ.get("WRAP", "")) + [os.environ["XENUSB"]]
PLACEMENT = os.environ["PLACEMENT"]
SECONDS = 20 * int(os.environ.get("RIG_SCALE", "1"))
USB_CONTROLLER = 0x0C03


class Qemu:
    """A machine with stopped processors, and with only the devices in `arguments`."""

    def __init__(self, directory, arguments):
        self.path = os.path.join(directory, "qmp")
        watch = os.path.join(directory, "watch")
        command = [QEMU, "-machine", "pc", "-accel", "tcg", "-m", "16", "-S", "-nodefaults",
                   "-no-user-config", "-display", "none",
                   "-qmp", f"unix:{self.path},server=on,wait=off",
                   "-qmp", f"unix:{watch},server=on,wait=off"] + arguments
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SECONDS)
        self.connect(watch)
        self.stream = self.socket.makefile("rw")
        self.stream.readline()
        self.command({"execute": "qmp_capabilities"})

    def connect(self, path):
        end = time.monotonic() + SECONDS
        while True:
            try:
                return self.socket.connect(path)
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(self.process.stdout.read().decode())
                time.sleep(0.005)

    def command(self, command):
        self.stream.write(json.dumps(command) + "\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "event" not in answer:
                return answer

    def there(self):
        """Returns a line for each controller, in the order of slots, and for each device: the number of
        its bus (in the order of creation), its port, speed and product."""
        pci = self.command({"execute": "query-pci"})["return"]
        slots = sorted((at["slot"], at["function"], at["id"]) for bus in pci for at in bus["devices"]
                       if at["class_info"]["class"] == USB_CONTROLLER)
        lines = [f"controller {at[2]['vendor']:04x}:{at[2]['device']:04x}" for at in slots]
        # Without a controller the command is an error.
        answer = self.command({"execute": "x-query-usb"})
        report = answer["return"]["human-readable-text"] if lines else ""
        found = re.findall(r"Device (\d+)\.\d+, Port ([\d.]+), Speed ([\d.]+) Mb/s, Product ([^,\n]*)",
                           report)
        return lines + sorted("bus {} port {}: {} Mb/s, {}".format(*at) for at in found)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.socket.close()


def run(words):
    done = subprocess.run(words, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def make_image(name):
    os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
    if name.endswith(".qcow2"):
        return subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", name, "1M"], check=True)
    with open(name, "ab") as image:
        image.truncate(1 << 20)


def beside(path, directory):
    """Returns QEMU's arguments for what the config refers to but does not define; None if it refers to
    a device node."""
    status, text, _ = run(XENUSB + ["translate", "--to", "json", path])
    arguments = []
    for device in json.loads(text)["devices"] if status == 0 else []:
        name, chardev, audiodev = (device.get(key, "") for key in ("file", "chardev", "audiodev"))
        if name.startswith("/dev/"):
            return None
        if name:
            make_image(name)
        if chardev.startswith("id:"):
            arguments += ["-chardev", "null,id=" + chardev[3:]]
        if chardev.startswith("file:"):
            os.makedirs(os.path.dirname(chardev[5:]), exist_ok=True)
        if chardev.startswith("unix:"):
            arguments += ["-chardev", f"socket,id=peer{len(arguments)},path={chardev[5:]},server=on,wait=off"]
        if audiodev:
            arguments += ["-audiodev", "none,id=" + audiodev]
        if device["type"] == "redir" and "-spice" not in arguments:
            arguments += ["-spice", f"unix=on,addr={directory}/spice,disable-ticketing=on"]
    return arguments


def created(path):
    """Returns QEMU's arguments for what the guest is created with, with unique ids."""
    status, words, _ = run([PLACEMENT, "-c", path])
    if status:
        return None
    return [re.sub(r"\bid=usbdev", "id=created", word) for word in shlex.split(words)]


def compare(path, directory):
    """Returns what was compared, or None if xenusb refuses the config for a guest like this."""
    first = created(path)
    status, words, _ = run(XENUSB + ["translate", "--resolve", "--to", "qemu", path])
    others = beside(path, directory) if first is not None and status == 0 else None
    if others is None:
        return None
    with Qemu(directory, others + first) as qemu:
        status, _, errors = run(XENUSB + ["apply", "--force", "--qmp", qemu.path, path])
        if status:
            return None
        applied = qemu.there()
    with Qemu(directory, others + shlex.split(words)) as qemu:
        check("--to qemu", path, applied, qemu.there())
        # Apply recognises everything that QEMU was started with.
        status, out, errors = run(XENUSB + ["apply", "--dry-run", "--force", "--qmp", qemu.path, path])
        if status or re.search(r"\d to (add|remove)", out):
            raise AssertionError(f"{path}: apply would change what --to qemu started:\n{out}{errors}")
    status, commands, _ = run(XENUSB + ["translate", "--resolve", "--to", "qmp", path])
    if status:
        return applied
    with Qemu(directory, others + first) as qemu:
        for line in commands.splitlines():
            answer = qemu.command(json.loads(line))
            if "error" in answer:
                raise AssertionError(f"{path}: {line}\n{answer}")
        check("--to qmp", path, applied, qemu.there())
    return applied


def check(what, path, applied, there):
    if applied != there:
        raise AssertionError("\n".join([f"{path}: apply has"] + applied + [f"and {what}"] + there))


def main(paths):
    compared = devices = failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for path in paths:
            try:
                applied = compare(path, directory)
            except (AssertionError, RuntimeError) as error:
                print(f"{path}: {error}")
                failed += 1
                continue
            compared += applied is not None
            devices += sum(line.startswith("bus ") for line in applied or [])
    print(f"{compared} of {len(paths)} compared, {devices} devices, {failed} failed")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
