#!/usr/bin/env python3
"""The page's files and the tests that open it. `web.py [ROOT]` prints each breach and fails."""

import os
import re
import subprocess
import sys

from source import SKIPPED, Finding, Source, main

WEB_FILE = re.compile(r".*\.(js|mjs|css|html|svg)$")
PLACES = ["web", "tests/browser"]
WIDTH = 140

# What takes text for markup or for code: names of images are whatever somebody typed.
DANGEROUS = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|eval\s*\(|new Function|"
    r"setTimeout\s*\(\s*[\"'`]|javascript:)")
# What the policy forbids. In a script style= is fine: Preact sets the properties one by one.
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|<[^>]*\son[a-z]+=[\"']|\bdata:image")
STYLE = re.compile(r"\sstyle=")
ELSEWHERE = re.compile(r"\b(?:src|href|from|import|fetch|url|EventSource)\b[\s=(]*[\"'`]?(?:https?:)?//")
MARK = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\s*\(#\d+\))")
LEFT = re.compile(r"\bdebugger\b|\bconsole\.(log|debug)\b")


def web_files(root):
    found = []
    for place in PLACES:
        for folder, folders, files in os.walk(os.path.join(root, place)):
            folders[:] = sorted(f for f in folders if not SKIPPED.match(f))
            found += [os.path.relpath(os.path.join(folder, name), root) for name in sorted(files) if WEB_FILE.match(name)]
    return found


def lines(root, of_page=False):
    for path in web_files(root):
        if of_page and (not path.startswith("web/") or path.endswith(".mjs")):
            continue
        for number, line in enumerate(Source(root, path).text.split("\n"), 1):
            yield path, number, line


def check_layout(root):
    found = []
    for path, number, line in lines(root):
        if line != line.rstrip():
            found.append(Finding(path, number, "blanks at the end"))
        if re.match(r"\t* {2,}\S", line) and not path.endswith(".svg"):
            found.append(Finding(path, number, "tabs indent"))
        if len(line) > WIDTH:
            found.append(Finding(path, number, f"longer than {WIDTH} characters"))
        if MARK.search(line):
            found.append(Finding(path, number, "work left undone, without an issue"))
    for path in web_files(root):
        text = Source(root, path).text
        if not text.endswith("\n") or text.endswith("\n\n") or "\r" in text:
            found.append(Finding(path, text.count("\n") + 1, "a file ends with one newline, and has no other kind"))
    return found


def check_markup(root):
    """Text stays text, and all that is loaded is ours."""
    found = []
    for path, number, line in lines(root, of_page=True):
        if DANGEROUS.search(line):
            found.append(Finding(path, number, "takes text for markup or code"))
        if INLINE.search(line) or (path.endswith(".html") and STYLE.search(line)):
            found.append(Finding(path, number, "inline: the policy default-src 'self' forbids it"))
        if ELSEWHERE.search(line):
            found.append(Finding(path, number, "loads from elsewhere"))
        if LEFT.search(line):
            found.append(Finding(path, number, "left from debugging"))
    return found


def check_syntax(root):
    """As a module, by node; it says the line."""
    found = []
    for path in web_files(root):
        if not path.endswith((".js", ".mjs")):
            continue
        try:
            run = subprocess.run(["node", "--input-type=module", "--check", "-"], input=Source(root, path).text,
                                 capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return [Finding(path, 1, "node is not installed")]
        if run.returncode:
            line = re.search(r"^(?:\[stdin\]|file:\S*|\S*stdin\S*):(\d+)$", run.stderr, re.MULTILINE)
            sentence = re.search(r"^SyntaxError: .*$", run.stderr, re.MULTILINE)
            found.append(Finding(path, int(line.group(1)) if line else 1, sentence.group() if sentence else run.stderr[:200]))
    return found


CHECKS = [
    ("web: layout", check_layout),
    ("web: text stays text", check_markup),
    ("web: syntax", check_syntax),
]

LAYOUT, MARKUP, SYNTAX = (name for name, _ in CHECKS)

# title, check, file, its text, line of the finding (None: nothing is to be found)
BREACHES = [
    ("a blank at the end", LAYOUT, "web/planted.js", "let a;\nlet b; \n", 2),
    ("blanks that indent", LAYOUT, "web/planted.css", "a {\n    color: red;\n}\n", 2),
    ("tabs that indent", LAYOUT, "web/planted.css", "a {\n\tcolor: red;\n}\n", None),
    ("a long line", LAYOUT, "tests/browser/planted.mjs", "let a; //" + "x" * WIDTH + "\n", 1),
    ("no newline", LAYOUT, "web/planted.js", "let a;", 1),
    ("two newlines", LAYOUT, "web/planted.js", "let a;\n\n", 3),
    ("TODO", LAYOUT, "web/planted.js", "// TODO later\n", 1),
    ("innerHTML", MARKUP, "web/planted.js", "\na.innerHTML = b;\n", 2),
    ("what Preact calls it", MARKUP, "web/planted.js", "h('p', { dangerouslySetInnerHTML: x });\n", 1),
    ("eval", MARKUP, "web/planted.js", "eval(b);\n", 1),
    ("a text that is run later", MARKUP, "web/planted.js", 'setTimeout("f()", 1);\n', 1),
    ("a function that is run later is fine", MARKUP, "web/planted.js", "setTimeout(f, 1);\n", None),
    ("an inline style", MARKUP, "web/planted.html", '<p style="color: red">\n', 1),
    ("an inline script", MARKUP, "web/planted.html", "<script>\nf();\n</script>\n", 1),
    ("a script of a file is fine", MARKUP, "web/planted.html", '<script type="module" src="/assets/a.js"></script>\n', None),
    ("a handler in the markup", MARKUP, "web/planted.html", '<button onclick="f()">\n', 1),
    ("a handler in a template is fine", MARKUP, "web/planted.js", "html`<button onClick=${f}>`;\n", None),
    ("a library from elsewhere", MARKUP, "web/planted.html", '<script src="https://cdn.example/a.js"></script>\n', 1),
    ("a font from elsewhere", MARKUP, "web/planted.css", "@font-face { src: url(//fonts.example/a); }\n", 1),
    ("a left console.log", MARKUP, "web/planted.js", "console.log(a);\n", 1),
    ("the tests may print", MARKUP, "tests/browser/planted.mjs", "console.log(a);\n", None),
    ("a broken module", SYNTAX, "web/planted.js", "let a;\nlet a = (;\n", 2),
    ("a module with await is fine", SYNTAX, "web/planted.js", 'import { a } from "./b.js";\nawait a();\n', None),
]

if __name__ == "__main__":
    sys.exit(main(CHECKS, BREACHES))
