"""What the lints share: the tree's C files, their comments and strings, the report, the self-test."""

import os
import re
import shutil
import sys
import tempfile

SKIPPED = re.compile(r"^(build.*|demo-data|node_modules|__pycache__|\..*)$")
C_FILE = re.compile(r".*\.(c|h|def)$")

LEXEME = re.compile(
    r"""(?P<comment>/\*.*?(?:\*/|\Z)|//[^\n]*)
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<character>'(?:\\.|[^'\\\n])*')""",
    re.VERBOSE | re.DOTALL,
)


class Finding:
    """A breach of a rule, as one sentence."""

    def __init__(self, path, line, sentence):
        self.path, self.line, self.sentence = path, line, sentence

    def __str__(self):
        return f"{self.path}:{self.line}: {self.sentence}"


class Source:
    """One file: its path from the root, its text, and its text without comments or strings."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def lexemes(self, kind):
        for match in LEXEME.finditer(self.text):
            if match.lastgroup == kind:
                yield match

    def without(self, *kinds):
        """The text with lexemes of these kinds blanked; offsets and lines stay."""

        def blank(match):
            if match.lastgroup not in kinds:
                return match.group()
            return re.sub(r"[^\n]", " ", match.group())

        return LEXEME.sub(blank, self.text)


def c_files(root):
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if not SKIPPED.match(f))
        for name in sorted(files):
            if C_FILE.match(name):
                found.append(os.path.relpath(os.path.join(folder, name), root))
    return found


def sources(root):
    return [Source(root, path) for path in c_files(root)]


def report(checks, root):
    """Prints a line per check, what it found before it; returns the exit status."""
    failed = 0
    for name, check in checks:
        findings = check(root)
        for finding in findings:
            print(finding)
        failed += bool(findings)
        print(f"[  FAILED  ] {name}" if findings else f"[       OK ] {name}")
    return 1 if failed else 0


def self_test(checks, breaches, root):
    """Each breach, planted in a copy of the tree, must be found by its check, there and nowhere else."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = os.path.join(folder, "tree")
        for path in c_files(root) + [".clang-format"]:
            os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
            shutil.copy(os.path.join(root, path), os.path.join(tree, path))
        by_name = dict(checks)
        before = {name: {str(f) for f in check(tree)} for name, check in checks}
        for title, name, path, text, line in breaches:
            place = os.path.join(tree, path)
            assert not os.path.exists(place), f"{path} is taken"
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8") as file:
                file.write(text)
            new = [f for f in by_name[name](tree) if str(f) not in before[name]]
            os.remove(place)
            if line is None:
                good = not new
            else:
                good = [(f.path, f.line) for f in new] == [(path, line)]
            failed += not good
            print(f"[       OK ] {title}" if good else f"[  FAILED  ] {title}: {[str(f) for f in new]}")
    return 1 if failed else 0


def main(checks, breaches):
    arguments = [a for a in sys.argv[1:] if a != "--self-test"]
    if len(arguments) > 1 or any(a.startswith("-") for a in arguments):
        print(f"usage: {sys.argv[0]} [--self-test] [ROOT]", file=sys.stderr)
        return 2
    root = arguments[0] if arguments else "."
    if not c_files(root):
        print(f"{sys.argv[0]}: no C files below '{root}'", file=sys.stderr)
        return 2
    if "--self-test" in sys.argv[1:]:
        return self_test(checks, breaches, root)
    return report(checks, root)
