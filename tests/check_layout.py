#!/usr/bin/python3
"""Holds the tree to docs/architecture.md: where includes point, which headers stay private, how long files are, and
that no file is dead. Each check is one test."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Part -> parts it may include, itself left out. Nothing may include server.
MAY_INCLUDE = {
    "repr": set(),
    "grammar": {"repr"},
    "storage": {"repr"},
    "catalog": {"repr", "grammar", "storage"},
    "replication": {"repr", "grammar", "storage", "catalog"},
    "engine": {"repr", "grammar", "storage", "catalog", "replication"},
    "server": {"repr", "grammar", "storage", "catalog", "replication", "engine"},
}

# Headers that cost seconds to compile, or would let a library leak through a part's seam.
HEAVY = re.compile(r"^(antlr4-|boost/asio|boost/beast|rocksdb/|libpq|spdlog/|libssh2|openssl/|postgresql/|simdjson|curl/|pugixml)")

# Headers that only the .cpp files of their own folder include: there the library is at home.
PRIVATE_SUFFIX = "_private.hpp"

LINES_MAX = 500
# One noun each, and still longer: ANTLR reads a grammar from one file, so .g4 files are not counted at all.
LONG_FILES = {"tests/integration/test_replication.py"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def tracked():
    """The files of the tree that a build directory does not hold, new ones included."""
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout
    return [path for path in map(Path, out.splitlines()) if (ROOT / path).is_file()]


def sources(files):
    return [path for path in files if path.suffix in (".cpp", ".hpp")]


def includes(path):
    """(is in quotes, name) of each include."""
    return [(match[1] == '"', match[2]) for match in INCLUDE.finditer((ROOT / path).read_text(encoding="utf-8"))]


def check_direction_of_includes(files):
    for path in sources(files):
        part = path.parts[0]
        if part not in MAY_INCLUDE:
            continue
        for quoted, name in includes(path):
            other = name.split("/")[0]
            if quoted and other in MAY_INCLUDE and other != part and other not in MAY_INCLUDE[part]:
                yield f"{path} includes {name}: {part} may not use {other}"


def private_headers(files):
    """Headers which say in their first lines that they are private to their folder, and so may be heavy."""
    return {path for path in files if path.suffix == ".hpp"
            and (path.name.endswith(PRIVATE_SUFFIX)
                 or "private to" in "\n".join((ROOT / path).read_text(encoding="utf-8").splitlines()[:6]).lower())}


def check_heavy_headers_stay_in_cpp_files(files):
    private = private_headers(files)
    for path in sources(files):
        if path.suffix == ".hpp" and path not in private and path.parts[0] in MAY_INCLUDE:
            for _, name in includes(path):
                if HEAVY.match(name):
                    yield (f"{path} includes <{name}>; move it into a .cpp, or into a header that says in its first "
                           f"lines that it is private to its folder")


def check_private_headers_stay_in_their_folder(files):
    private = {str(path): path for path in private_headers(files)}
    for path in sources(files):
        for quoted, name in includes(path):
            if quoted and name in private and private[name].parent not in (path.parent, *path.parents):
                if path.parts[0] != "tests":
                    yield f"{path} includes {name}, which is private to {private[name].parent}"


def check_every_cpp_file_is_built(files):
    listed = set()
    for path in files:
        if path.name == "CMakeLists.txt" or path.suffix == ".cmake":
            for name in re.findall(r"[\w./-]+\.cpp", (ROOT / path).read_text(encoding="utf-8")):
                listed.add((path.parent / name).as_posix())
                listed.add(Path(name).as_posix())
    for path in sources(files):
        if path.suffix == ".cpp" and path.as_posix() not in listed:
            yield f"{path} is in no CMakeLists.txt"


def check_every_header_is_included(files):
    used = {name for path in sources(files) for quoted, name in includes(path) if quoted}
    used |= {(path.parent / name).as_posix() for path in sources(files) for quoted, name in includes(path) if quoted}
    cmake = "\n".join((ROOT / path).read_text(encoding="utf-8") for path in files if path.name == "CMakeLists.txt")
    for path in sources(files):
        if path.suffix == ".hpp" and path.as_posix() not in used and path.name not in cmake:
            yield f"{path} is included by nobody"


def check_length_of_files(files):
    written = {".cpp", ".hpp", ".py", ".sh", ".js", ".cmake"}
    for path in files:
        if path.suffix in written or path.name in ("run", "dev", "demo"):
            count = len((ROOT / path).read_text(encoding="utf-8").splitlines())
            if count > LINES_MAX and str(path) not in LONG_FILES:
                yield f"{path} has {count} lines; a file past {LINES_MAX} hides a second noun"


def check_headers_say_what_they_are(files):
    for path in sources(files):
        if path.suffix == ".hpp":
            first = (ROOT / path).read_text(encoding="utf-8").lstrip("\ufeff \n").removeprefix("#pragma once").lstrip()
            if not first.startswith(("//", "/*")):
                yield f"{path} does not begin with what it is and promises"


def check_lock_files_name_no_host(files):
    for path in files:
        if path.name == "package-lock.json":
            text = (ROOT / path).read_text(encoding="utf-8")
            if '"resolved"' in text or "://" in re.sub(r'"url": "[^"]*"', "", text):
                yield f"{path} names the host of a package registry"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filter", default="")
    word = parser.parse_args().filter
    files = tracked()
    passed = failed = 0
    for name, check in list(globals().items()):
        if not name.startswith("check_") or word not in f"layout.{name}":
            continue
        troubles = sorted(set(check(files)))
        print(f"{'FAIL' if troubles else 'ok  '} layout.{name}")
        for trouble in troubles:
            print(f"    {trouble}")
        failed += bool(troubles)
        passed += not troubles
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
