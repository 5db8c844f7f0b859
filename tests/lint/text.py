#!/usr/bin/env python3
"""Small rules that a compiler does not know. `text.py [ROOT]` prints each breach and fails."""

import os
import re
import subprocess
import sys

from source import Finding, c_files, main, sources

BANNED = {
    "strcpy": "writes as much as it is given",
    "strcat": "writes as much as it is given",
    "sprintf": "writes as much as it is given",
    "vsprintf": "writes as much as it is given",
    "gets": "writes as much as it is given",
    "strtok": "keeps a hidden state",
    "atoi": "takes any text for a number",
    "alloca": "takes the stack that is not there",
}
CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
SQL = re.compile(r"\b(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\b|DELETE\s+FROM\b|CREATE\s+(TABLE|VIEW|INDEX)\b|PRAGMA\s|UPDATE\s+\w+\s+SET\b)")
MARK = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\s*\(#\d+\))")
BANNER = re.compile(r"^[\s/]*([*=#~-])\1{5,}[\s*/]*$")
CODE = re.compile(
    r"^\s*\*?\s*(?:"
    r"#\s*(?:include|define|if|ifdef|ifndef|endif|else)\b.*"
    r"|\w[\w\s*.\[\]>()-]*\)\s*;"
    r"|(?:return|goto|break|continue)\b[^.,]*;"
    r"|(?:if|for|while|switch)\s*\(.*\)\s*\{?"
    r"|(?:int|char|bool|size_t|void|struct \w+|const char|uint\d+_t|int\d+_t)\s+\**\w+\s*(?:=[^;]*)?;"
    r"|\w[\w.>\[\]-]*\s*[-+|&]?=\s*[^=]*;"
    r")\s*$"
)


def check_headers(root):
    """A header says what it is for, then guards itself."""
    found = []
    for source in sources(root):
        if not source.path.endswith(".h"):
            continue
        if not source.text.startswith("/*"):
            found.append(Finding(source.path, 1, "a header begins with a comment that says what it is for"))
        if not re.search(r"^#pragma once$", source.without("comment"), re.MULTILINE):
            found.append(Finding(source.path, 1, "there is no #pragma once"))
    return found


def comment_lines(source):
    for match in source.lexemes("comment"):
        first = source.line_of(match.start())
        for number, line in enumerate(match.group().split("\n"), first):
            yield number, line, match.group()


def check_comments(root):
    """Comments are sentences: no code, no banners, no line comments, no work left undone."""
    found = []
    for source in sources(root):
        for number, line, comment in comment_lines(source):
            text = re.sub(r"^\s*(/\*|//)|\*/\s*$", "", line)
            if comment.startswith("//"):
                found.append(Finding(source.path, number, "comments are /* */"))
            elif BANNER.match(line):
                found.append(Finding(source.path, number, "a banner says nothing"))
            elif CODE.match(text):
                found.append(Finding(source.path, number, "code in a comment: delete it, history keeps it"))
            mark = MARK.search(line)
            if mark:
                found.append(Finding(source.path, number, f"{mark.group(1)} without an issue; write {mark.group(1)}(#123) or do it"))
    return found


def check_calls(root):
    """Functions that nobody needs any more. Tests may: what overflows there, the sanitizer reports."""
    found = []
    for source in sources(root):
        if source.path.startswith("tests/"):
            continue
        code = source.without("comment", "string", "character")
        for match in CALL.finditer(code):
            name = match.group(1)
            found.append(Finding(source.path, source.line_of(match.start()), f"{name}() is banned: it {BANNED[name]}"))
    return found


def check_sql(root):
    """Only the store knows SQL."""
    found = []
    for source in sources(root):
        if source.path.startswith(("store/", "tests/")):
            continue
        for match in source.lexemes("string"):
            if SQL.search(match.group()):
                found.append(Finding(source.path, source.line_of(match.start()), "SQL outside of store/"))
    return found


def check_format(root):
    """clang-format decides about layout; tables are set apart with clang-format off."""
    files = [path for path in c_files(root) if path.endswith((".c", ".h"))]
    try:
        run = subprocess.run(
            ["clang-format", "--dry-run", "-Werror", "-ferror-limit=1", *files],
            cwd=root, capture_output=True, text=True, check=False,
        )
    except FileNotFoundError:
        return [Finding(".clang-format", 1, "clang-format is not installed")]
    first = {}
    for match in re.finditer(r"^(?:\./)?([^:\n]+):(\d+):\d+: error: ", run.stderr, re.MULTILINE):
        first.setdefault(os.path.normpath(match.group(1)), int(match.group(2)))
    found = [Finding(path, line, "clang-format would change this") for path, line in first.items()]
    if run.returncode and not found:
        found.append(Finding(".clang-format", 1, f"clang-format failed: {run.stderr.strip()[:200]}"))
    return found


CHECKS = [
    ("text: headers", check_headers),
    ("text: comments", check_comments),
    ("text: banned functions", check_calls),
    ("text: SQL stays in store/", check_sql),
    ("text: clang-format", check_format),
]

HEADERS, COMMENTS, CALLS, STATEMENTS, FORMAT = (name for name, _ in CHECKS)

# title, check, file, its text, line of the finding (None: nothing is to be found)
BREACHES = [
    ("a header without a guard", HEADERS, "base/planted.h", "/* Says it. */\n", 1),
    ("a guard that is a comment", HEADERS, "base/planted.h", "/* Says it.\n#pragma once\n*/\n", 1),
    ("a header that says nothing", HEADERS, "base/planted.h", "#pragma once\n", 1),
    ("nothing wrong in a good header", HEADERS, "base/planted.h", "/* Says it. */\n#pragma once\n", None),
    ("TODO without an issue", COMMENTS, "base/planted.c", "int a;\n/* TODO: later */\n", 2),
    ("TODO with an issue is fine", COMMENTS, "base/planted.c", "/* TODO(#12): later */\n", None),
    ("TODO in a string is fine", COMMENTS, "base/planted.c", 'const char *a = "TODO";\n', None),
    ("a line comment", COMMENTS, "base/planted.c", "int a; // a number\n", 1),
    ("a URL is no comment", COMMENTS, "base/planted.c", 'const char *a = "https://x.example/";\n', None),
    ("a banner", COMMENTS, "base/planted.c", "/*********************/\n", 1),
    ("a call that was commented out", COMMENTS, "base/planted.c", "/* free(a); */\n", 1),
    ("a line that was commented out", COMMENTS, "base/planted.c", "/*\n * a->count = b + 1;\n */\n", 2),
    ("a directive that was commented out", COMMENTS, "base/planted.c", "/*\n#if 0\n*/\n", 2),
    ("a sentence with a semicolon is fine", COMMENTS, "base/planted.c", "/* Grows (twice); shrinks\n * never;\n */\n", None),
    ("strcpy", CALLS, "base/planted.c", "void f(char *a)\n{\n\tstrcpy(a, a);\n}\n", 3),
    ("sprintf with a blank", CALLS, "sim/planted.c", "int a = sprintf (b, c);\n", 1),
    ("snprintf is fine", CALLS, "base/planted.c", "int a = snprintf(b, 1, c);\n", None),
    ("a banned name in a string is fine", CALLS, "base/planted.c", 'const char *a = "strcpy(a)";\n', None),
    ("SQL in cli", STATEMENTS, "cli/planted.c", 'const char *a = "SELECT 1";\n', 1),
    ("SQL in export", STATEMENTS, "export/planted.c", '\nconst char *a = "INSERT INTO t VALUES(1)";\n', 2),
    ("SQL in store is fine", STATEMENTS, "store/planted.c", 'const char *a = "SELECT 1";\n', None),
    ("a word like SELECTED is fine", STATEMENTS, "cli/planted.c", 'const char *a = "SELECTED rows";\n', None),
    ("wrong layout", FORMAT, "base/planted.c", "int a;\nint  b ;\n", 2),
    ("right layout", FORMAT, "base/planted.c", "int a;\nint b;\n", None),
]

if __name__ == "__main__":
    sys.exit(main(CHECKS, BREACHES))
