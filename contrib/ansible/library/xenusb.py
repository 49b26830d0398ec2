#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Ansible module: the USB devices of a guest, by xenusb --json.

It needs nothing of Ansible but the arguments, as JSON in a file: WANT_JSON.
"""
import json
import subprocess
import sys

DOCUMENTATION = r"""
module: xenusb
short_description: USB devices of Xen guests, and of any QEMU
description:
  - Gives a running guest the USB devices of a config, or attaches and detaches single ones.
  - Changes nothing, and says so, if all is as it should be. Supports check mode and diff.
options:
  config:
    description: The config on the managed host, for xenusb apply. Excludes devices.
    type: path
  devices:
    description: What to attach or detach, each as xenusb attach takes it. Needs domain or qmp.
    type: list
    elements: str
  state:
    description: Whether the devices are to be attached. absent goes with devices only.
    type: str
    choices: [present, absent]
    default: present
  domain:
    description: The name or id of the guest; of a config, if not its name=.
    type: str
  qmp:
    description: The QMP socket of a QEMU, in place of a domain.
    type: path
  prune:
    description: Remove what the config does not name.
    type: bool
    default: false
  skip_missing:
    description: Skip devices of the config that are not plugged in.
    type: bool
    default: false
  keep:
    description: Keep the devices attached, over replugs and reboots of the guest.
    type: bool
    default: false
  force:
    description: Attach a device even if the host uses it.
    type: bool
    default: false
  start_backend:
    description: Start a PVUSB QEMU if the guest has none.
    type: bool
    default: false
  timeout:
    description: How long to wait for a guest or a QEMU, such as 30s.
    type: str
  executable:
    description: The program.
    type: path
    default: xenusb
"""

EXAMPLES = r"""
- name: What the config asks for
  xenusb:
    config: /etc/xenusb/guests/win10.cfg

- name: A security key
  xenusb:
    domain: win10
    devices: ["1050:0407"]
    keep: true
"""

RETURN = r"""
status: {description: the exit status of xenusb, type: int, returned: always}
steps: {description: what was done or would be, type: list, returned: success}
complaints: {description: errors, warnings and notes with their codes, type: list, returned: always}
"""

SWITCHES = ("prune", "skip_missing", "keep", "force", "start_backend")
OPTIONS = {"config": None, "devices": None, "state": "present", "domain": None, "qmp": None, "timeout": None,
           "executable": "xenusb", **dict.fromkeys(SWITCHES, False)}
# Which of the switches a verb takes.
TAKES = {"apply": {"prune", "skip_missing", "force", "start_backend"}, "attach": {"keep", "force", "start_backend"},
         "detach": set()}
YES = ("yes", "on", "true", "1", "y", "t")
NO = ("no", "off", "false", "0", "n", "f", "")


class Wrong(Exception):
    """The arguments are wrong."""


def truth(name, value):
    word = str(value).lower()
    if word in YES or word in NO:
        return word in YES
    raise Wrong(f"{name} must be yes or no, not {value!r}")


def options_of(arguments):
    """The options with their defaults, without what Ansible adds."""
    given = {name: value for name, value in arguments.items() if not name.startswith("_ansible_")}
    unknown = sorted(set(given) - set(OPTIONS))
    if unknown:
        raise Wrong(f"unknown options: {', '.join(unknown)}")
    options = {**OPTIONS, **{name: value for name, value in given.items() if value is not None}}
    for name in SWITCHES:
        options[name] = truth(name, options[name])
    if isinstance(options["devices"], str):
        options["devices"] = [options["devices"]]
    return options


def verb_of(options):
    if bool(options["config"]) == bool(options["devices"]):
        raise Wrong("one of config and devices is needed")
    if options["state"] not in ("present", "absent"):
        raise Wrong("state must be present or absent")
    if options["domain"] and options["qmp"]:
        raise Wrong("domain and qmp exclude each other")
    if options["config"]:
        if options["state"] == "absent":
            raise Wrong("state=absent goes with devices")
        return "apply"
    if not options["domain"] and not options["qmp"]:
        raise Wrong("devices need a domain or qmp")
    return "attach" if options["state"] == "present" else "detach"


def command_of(options, check):
    verb = verb_of(options)
    command = [options["executable"], verb, "--json"] + (["--dry-run"] if check else [])
    for name in SWITCHES:
        if options[name] and name not in TAKES[verb]:
            raise Wrong(f"{name} does not go with {verb}")
        if options[name]:
            command.append("--" + name.replace("_", "-"))
    command += [f"--timeout={options['timeout']}"] if options["timeout"] else []
    command += [f"--qmp={options['qmp']}"] if options["qmp"] else []
    if options["config"]:
        command += [f"--domain={options['domain']}"] if options["domain"] else []
        return command + ["--", str(options["config"])]
    return command + ["--"] + ([str(options["domain"])] if options["domain"] else []) + \
        [str(device) for device in options["devices"]]


def line_of(step, place):
    words = (place["controller"], place["port"], step["label"] if step["kind"] else step["model"])
    return " ".join(word for word in words if word) + "\n"


def diff_of(steps):
    """What the guest has of it before and after."""
    before, after = [], []
    for step in steps:
        if step["op"] in ("keep", "remove", "move"):
            before.append(line_of(step, step["from"] if step["op"] == "move" else step))
        if step["op"] in ("keep", "add", "move"):
            after.append(line_of(step, step))
    return {"before": "".join(before), "after": "".join(after)}


def run(arguments):
    check = truth("check mode", arguments.get("_ansible_check_mode", False))
    command = command_of(options_of(arguments), check)
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError as error:
        return {"failed": True, "msg": f"cannot run {command[0]}: {error}"}
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return {"failed": True, "msg": f"{command[0]} printed no JSON", "status": done.returncode, "stderr": done.stderr}
    steps = said.get("steps") or []
    result = {"changed": said["changed"], "status": said["status"], "steps": steps, "complaints": said["complaints"]}
    if check:
        result["changed"] = any(step["op"] in ("add", "remove", "move") for step in steps)
    if truth("diff", arguments.get("_ansible_diff", False)):
        result["diff"] = diff_of(steps)
    if said["status"] != 0:
        errors = [complaint["message"] for complaint in said["complaints"] if complaint["severity"] == "error"]
        result.update(failed=True, msg="; ".join(errors) or f"{command[0]} failed with status {said['status']}")
    warnings = [complaint["message"] for complaint in said["complaints"] if complaint["severity"] == "warning"]
    return {**result, "warnings": warnings} if warnings else result


def main():
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            result = run(json.load(file))
    except (Wrong, OSError, IndexError, ValueError) as error:
        result = {"failed": True, "msg": str(error)}
    print(json.dumps(result))
    return 1 if result.get("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
