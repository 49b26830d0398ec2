# SPDX-License-Identifier: MIT
"""What the judges of configs share: texts, what xenusb says of them, tables of differences, and the report."""

import argparse
import glob
import json
import os
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
BUILT = os.environ.get("B") or os.path.join(HERE, "../../build")
PLACED = re.compile(r": (error|warning): ")
USED = set()


def run(command, **options):
    return subprocess.run(command, text=True, capture_output=True, check=False, **options)


def has_row(table, text):
    """Whether a text matches a row of a table; notes all that it matches."""
    rows = [row for row in table if re.search(row[0], text)]
    USED.update(rows)
    return bool(rows)


def files_of_the_tree():
    """The name and the bytes of each config."""
    for file in sorted(glob.glob(os.path.join(HERE, "../golden*/*.cfg")) + glob.glob(os.path.join(HERE, "../../examples/*.cfg"))):
        with open(file, "rb") as stream:
            yield "-".join(file.removesuffix(".cfg").split("/")[-2:]), stream.read()


def message(line):
    """A message without its place."""
    return line.partition("error: ")[2]


def strip(value):
    """The compiled config without places and names of files."""
    if isinstance(value, list):
        return [strip(item) for item in value]
    if isinstance(value, dict):
        return {key: strip(item) for key, item in value.items() if key not in ("place", "source")}
    return value


def literal(value):
    """As repr(), but with the characters themselves where that has \\u escapes, which Python 2 did not know."""
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, str):
        return "'" + re.sub(r"[\x00-\x1f\\'\x7f]", lambda found: f"\\x{ord(found.group()):02x}", value) + "'"
    return repr(value)


class Files:
    """Configs in a directory, and what xenusb makes of them."""

    def __init__(self, options, directory):
        self.options, self.directory = options, directory

    def path(self, name):
        return os.path.join(self.directory, name + ".cfg")

    def write(self, name, text):
        with open(self.path(name), "wb") as stream:
            stream.write(text)
        return self.path(name)

    def xenusb(self, path):
        """What it compiles to, None if it is refused; and what it says."""
        ours = run([self.options.xenusb, "translate", "--to", "json", path], errors="replace")
        checked = run([self.options.xenusb, "check", path], errors="replace")
        said = [line for line in checked.stderr.splitlines() if PLACED.search(line)]
        if checked.returncode or not ours.stdout:
            return None, said
        return strip(json.loads(ours.stdout)), said


def pooled(function, cases):
    """The results of a function, which mostly waits for programs, in the order of the cases."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, cases))


def options_of(description, *others, **programs):
    """The options of a judge: those of all, programs with their default in build/, and others; prints the seed."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"xenusb": "xenusb", **programs}.items():
        parser.add_argument("--" + name, default=os.path.join(BUILT, default))
    for name in others:
        parser.add_argument("--" + name)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    options.seed = random.randrange(10**6) if options.seed is None else options.seed
    print(f"# seed {options.seed}, {options.cases} cases", flush=True)
    return options


def report(options, parts, *tables):
    """Prints TAP; each part is a title and its differences: names, what is wrong, and texts. Returns the exit status."""
    if options.cases >= 2000:
        for row in [row for table in tables for row in table if row not in USED]:
            print(f"# no case needs this row: {row[0]}")
    print(f"1..{len(parts)}")
    for number, (what, wrong) in enumerate(parts, 1):
        for name, row, text in wrong:
            print(f"# {name}: {row}\n{text.decode(errors='replace')}".rstrip().replace("\r", "").replace("\n", "\n#   "))
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
    return 1 if any(wrong for _, wrong in parts) else 0
