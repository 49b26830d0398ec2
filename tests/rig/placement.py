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
SYSFS = "/sys/bus/usb/devices"
SECONDS = 20 * int(os.environ.get("RIG_SCALE", "1"))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TURNS = 4
USB_CONTROLLER = 0x0C03


class Qemu:
    """A machine with stopped processors, and with only the devices in `arguments`."""

    def __init__(self, directory, arguments):
        self.path = os.path.join(directory, "qmp")
        watch = os.path.join(directory, "watch")
        command = [QEMU, "-machine", "pc", "-accel", "tcg", "-m", "16", "-S", "-nodefaults",
                   "-no-user-config", "-display", "none",
                   "-audiodev", "none,id=silence", "-global", "usb-audio.audiodev=silence",
                   "-qmp", f"unix:{self.path},server=on,wait=off",
                   "-qmp", f"unix:{watch},server=on,wait=off"] + arguments
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SECONDS)
        self.connect(watch)
        self.stream = self.socket.makefile("rw")
        self.read()
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

    def read(self):
        """Its next line. It may die while it reads the rest of its command line, or of a command."""
        try:
            line = self.stream.readline()
        except ConnectionResetError:
            line = ""
        if not line:
            raise RuntimeError("QEMU has ended: " + self.process.stdout.read().decode())
        return json.loads(line)

    def command(self, command):
        self.stream.write(json.dumps(command) + "\n")
        self.stream.flush()
        while True:
            answer = self.read()
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


class NotCompared(Exception):
    """The message is the reason."""


def first_error(report):
    """The first error that xenusb reported, without its place and its hint."""
    found = re.search(r"error: (.*)", report)
    return found.group(1) if found else "refused without an error"


# ---- host devices that are not plugged in ----

def read_attribute(busid, name):
    try:
        with open(os.path.join(SYSFS, busid, name), encoding="latin-1") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def plugged_devices():
    """What is plugged in, except hubs, as selectors that "translate --to json" would print."""
    devices = []
    for busid in sorted(os.listdir(SYSFS)):
        if re.fullmatch(r"\d+-[\d.]+", busid) and read_attribute(busid, "bDeviceClass") != "09":
            devices.append({"bus": int(read_attribute(busid, "busnum")),
                            "address": int(read_attribute(busid, "devnum")), "busid": busid,
                            "vendor": read_attribute(busid, "idVendor"),
                            "product": read_attribute(busid, "idProduct"),
                            "serial": read_attribute(busid, "serial"),
                            "path": "pci-0000:00:14.0-usb-0:" + busid.split("-")[1]})
    return devices


def matching(selector, devices):
    return [at for at in devices if all(at.get(key) == value for key, value in selector.items())]


def reworded(words, device):
    """A device of a config in any dialect, with the values that select `device`."""
    ids = "{vendor}:{product}".format(**device)
    address = "{bus}.{address}".format(**device)
    for pattern, value in [
            (r"\b(hostaddr=|host:)\d+\.\d+", address),
            (r"\b(hostbus=)\w+", str(device["bus"])),
            (r"\b(hostaddr=)\w+(?![\w.])", str(device["address"])),
            (r"\b(hostport=)[\d.]+", device["busid"].split("-")[1]),
            (r"\b(host:|id=)[0-9a-fA-F]{4}:[0-9a-fA-F]{4}", ids),
            (r"\b(vendorid=|productid=)\w+", None),
            (r"\b(vendor=)\w+", device["vendor"]),
            (r"\b(product=)\w+", device["product"]),
            (r"\b(busid=|port_\d+=)\d+-[\d.]+", device["busid"]),
            (r"\b(path=|host=)[\w.:-]+-usb-0:[\d.:]+", device["path"]),
            (r"\b(serial=)\w+", device["serial"])]:
        if value is None:
            words = re.sub(r"\b(vendor|product)(id=)\w+",
                           lambda found: "{}{}0x{}".format(*found.groups(), device[found.group(1)]), words)
        else:
            words = re.sub(pattern, lambda found, value=value: found.group(1) + value, words)
    return words


def read_config(path):
    """What xenusb reads from a config that QEMU may have words for."""
    status, text, _ = run(XENUSB + ["translate", "--to", "json", path])
    if status:
        raise NotCompared("does not compile")
    config = json.loads(text)
    if config["domain"]["type"] in ("pv", "pvh"):
        raise NotCompared("a PV or PVH guest")
    if any(at["type"] == "pv" for at in config["controllers"]):
        raise NotCompared("has PVUSB controllers")
    return config


def with_plugged_devices(path, copy, turn):
    """Writes the copy, in which devices that are plugged in replace those that are not, beginning with the
    one that `turn` says. Returns whether it replaced any."""
    plugged = plugged_devices()
    wanted = [at for at in read_config(path)["devices"]
              if at.get("host") and not at.get("count") and not at.get("all")]
    found = {id(at): matching(at["host"], plugged) for at in wanted}
    used = [at[0] for at in found.values() if len(at) == 1]
    free = [at for at in plugged[turn:] + plugged[:turn] if at not in used]
    with open(path, "rb") as file:
        config = file.read()
    replaced = False
    for at in sorted(wanted, key=lambda at: at["place"]["from"], reverse=True):
        fit = [device for device in free
               if matching({key: device[key] for key in at["host"]}, plugged) == [device]]
        if len(found[id(at)]) == 1 or not at["required"] or not fit:
            continue
        free.remove(fit[0])
        start, end = at["place"]["from"], at["place"]["to"]
        words = reworded(config[start:end].decode(), fit[0])
        config = config[:start] + words.encode() + config[end:]
        replaced = True
    with open(copy, "wb") as file:
        file.write(config)
    return replaced


# ---- what is beside the devices ----

def make_image(name):
    os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
    if name.endswith(".qcow2"):
        return subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", name, "1M"], check=True)
    with open(name, "ab") as image:
        image.truncate(1 << 20)


def beside(path, directory):
    """QEMU's arguments for what its author has beside the devices."""
    arguments = []
    for device in read_config(path)["devices"]:
        name, chardev, audiodev = (device.get(key, "") for key in ("file", "chardev", "audiodev"))
        if name.startswith("/dev/"):
            raise NotCompared(f"needs the block device {name}")
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


def referred_to(words):
    """QEMU's arguments for what devices of device_model_args name and the translation does not repeat."""
    arguments = []
    for key, name in sorted(set(re.findall(r",(netdev|drive)=([\w.-]+)", words))):
        if key == "netdev":
            arguments += ["-netdev", f"hubport,hubid=0,id={name}"]
        elif not re.search(rf"\b(id|node-name)={re.escape(name)}\b", words):
            arguments += ["-blockdev", f"null-co,size=1048576,node-name={name}"]
    return arguments


# ---- the comparison ----

def created(path):
    """QEMU's arguments for what the guest is created with, under ids that nothing else has."""
    status, words, _ = run([PLACEMENT, "-c", path])
    if status:
        raise NotCompared("QEMU has no words for what the guest is created with")
    if "usb-host" in words:
        raise NotCompared("the guest is created with host devices, which a stopped QEMU does not open")
    return [re.sub(r"\bid=usbdev", "id=created", word) for word in shlex.split(words)]


def compare(path, directory):
    """Returns what apply made of it. Raises NotCompared if xenusb refuses the config for a guest like this."""
    first = created(path)
    status, words, errors = run(XENUSB + ["translate", "--resolve", "--to", "qemu", path])
    if status:
        raise NotCompared("no arguments of QEMU: " + first_error(errors))
    others = beside(path, directory)
    others += referred_to(words)
    with Qemu(directory, others + first) as qemu:
        status, _, errors = run(XENUSB + ["apply", "--force", "--qmp", qemu.path, path])
        if status:
            raise NotCompared("apply refuses it: " + first_error(errors))
        applied = qemu.there()
    with Qemu(directory, others + shlex.split(words)) as qemu:
        check("--to qemu", path, applied, qemu.there())
        # All of it is found again.
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


def compare_plugged(path, directory):
    """Compares a copy that names devices of the tree; which of them a port takes depends on their speed."""
    copy = os.path.join(directory, os.path.basename(path))
    for turn in range(TURNS):
        replaced = with_plugged_devices(path, copy, turn)
        try:
            return compare(copy, directory)
        except NotCompared:
            if not replaced or turn == TURNS - 1:
                raise


def check(what, path, applied, there):
    if applied != there:
        raise AssertionError("\n".join([f"{path}: apply has"] + applied + [f"and {what}"] + there))


def main(paths):
    compared = devices = failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for path in paths:
            try:
                applied = compare_plugged(path, directory)
            except NotCompared as reason:
                print(f"not compared: {os.path.relpath(path, TOP)}: {reason}")
                continue
            except (AssertionError, RuntimeError) as error:
                print(f"{path}: {error}")
                failed += 1
                continue
            compared += 1
            devices += sum(line.startswith("bus ") for line in applied)
    print(f"{compared} of {len(paths)} compared, {devices} devices, {failed} failed")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
