#!/usr/bin/env python3
"""The single items of the recorded answers, one file each, with the byte that chooses the service in front.

Usage: python3 tests/fuzz/seeds.py items-PROVIDER FOLDER
"""
import glob
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def items(value):
    """Every object inside a list, however deep."""
    if isinstance(value, dict):
        for member in value.values():
            yield from items(member)
    elif isinstance(value, list):
        for member in value:
            if isinstance(member, dict):
                yield member
            yield from items(member)


def main():
    provider, folder = sys.argv[1].removeprefix("items-"), sys.argv[2]
    count = 0
    for path in sorted(glob.glob(os.path.join(HERE, "..", "fixtures", provider, "*.json"))):
        with open(path, encoding="utf-8") as file:
            try:
                answer = json.load(file)
            except ValueError:
                continue
        for item in items(answer):
            for service in range(4):
                with open(os.path.join(folder, "item-%04d" % count), "wb") as out:
                    out.write(bytes([service]) + json.dumps(item, ensure_ascii=False).encode())
                count += 1
    if not count:
        sys.exit("no items for %s" % provider)


if __name__ == "__main__":
    main()
