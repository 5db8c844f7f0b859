"""What Grafana and its SQLite data source (frser-sqlite-datasource) do to a dashboard's queries, and to the rows.

Variables are put in by Grafana, macros by the data source; it makes typed columns of the rows and, of a time series,
one line for each text. What it would refuse or spoil silently is an assertion here.
"""
import os
import re
import sqlite3
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import equal  # noqa: E402

MACRO = re.compile(r"\$__([_a-zA-Z0-9]+)\(([^)]*)\)")
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::(\w+))?\}|(\w+))")
# What it looks for in paths: such a file is not opened.
BLOCKED = (".env", "credentials", ".aws", ".ssh", ".gnupg", ".kube", ".docker", "/proc/", "/sys/", "/etc/shadow",
           "/etc/passwd", "id_rsa", "id_ed25519", ".pem", "grafana.db", "grafana.ini")


def rfc3339(text):
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text) is not None


def quoted(value):
    """The format `sqlstring`."""
    values = value if isinstance(value, list) else [value]
    return ",".join("'%s'" % str(v).replace("'", "''").replace('"', '\\"') for v in values)


def pattern(value):
    """What Grafana puts into PromQL for a variable with several values; a custom value for all is put in as it is."""
    if isinstance(value, list):
        return "(%s)" % "|".join(re.sub(r"([\\^$*+?.()|{}\[\]/])", r"\\\\\1", v) for v in value)
    return value


def put_in(text, values, plain=str):
    """`text` with its variables put in. One that is not known, or a list without a format, is a mistake."""
    def one(match):
        name, form = match.group(1) or match.group(3), match.group(2)
        assert name in values, "nobody knows the variable %s in: %s" % (match.group(), text)
        value = values[name]
        assert form in (None, "sqlstring"), "a format of its own: " + match.group()
        assert form or plain is not str or not isinstance(value, list), "%s has many values and no format" % match.group()
        return quoted(value) if form else plain(value)
    return VARIABLE.sub(one, text)


def with_macros(text):
    def one(match):
        name, arguments = match.group(1), [part.strip() for part in match.group(2).split(",")]
        assert name == "unixEpochGroupSeconds", "there is no macro " + match.group()
        assert 2 <= len(arguments) <= 3 and arguments[2:] in ([], ["NULL"]), match.group()
        step = int(arguments[1])
        return "cast((%s / %d) as int) * %d" % (arguments[0], step, step)
    return MACRO.sub(one, text)


def sql_of(text, values, span):
    """The statement as SQLite gets it. `span`: the chosen time in seconds."""
    macros = MACRO.sub(lambda match: match.group().replace("$__", "\0"), text)
    known = {**values, "__from": str(span[0] * 1000), "__to": str(span[1] * 1000)}
    return with_macros(put_in(macros, known).replace("\0", "$__"))


class Reader:
    """Opens a catalog as the data source does with our provisioning, and trusts nothing."""

    def __init__(self, path):
        self.db = sqlite3.connect("file:%s?mode=ro" % urllib.parse.quote(path), uri=True, timeout=60)
        self.db.execute("PRAGMA query_only = 1")
        self.db.execute("PRAGMA trusted_schema = OFF")
        self.steps = 0
        self.db.set_progress_handler(self._step, 1000)

    def _step(self):
        self.steps += 1000

    def run(self, sql):
        """(names, rows, steps of SQLite's machine): how much work it is, on a machine of any speed."""
        self.steps = 0
        try:
            cursor = self.db.execute(sql)
        except sqlite3.Error as error:
            raise AssertionError("%s in: %s" % (error, sql)) from None
        rows = cursor.fetchall()
        return [column[0] for column in cursor.description], rows, self.steps

    def close(self):
        self.db.close()


def check_columns(names, rows, times):
    """Every column has one type: the data source takes that of the first value and spoils the others."""
    assert len(set(names)) == len(names), "two columns of one name: %s" % names
    for i, name in enumerate(names):
        values = [row[i] for row in rows if row[i] is not None]
        if name in times:
            for value in values:
                assert isinstance(value, (int, float)) or rfc3339(value), "%s is no time: %r" % (name, value)
                assert not isinstance(value, (int, float)) or 9e8 < value < 5e9, "%s is not in seconds: %r" % (name, value)
            continue
        kinds = {type(value) for value in values}
        assert bytes not in kinds, name + " has bytes"
        assert len(kinds) <= 1, "%s has values of %s" % (name, kinds)


def check_series(names, rows, times):
    """A long table that can be made into lines: times in order, none missing, one number for a time and a line.

    Grafana calls a line by its only text where the number is called Value; else by the names of both.
    """
    equal(names, ["time", "series", "Value"])
    assert "time" in times, times
    seen = [row[0] for row in rows]
    assert None not in seen, "a row without a time"
    assert seen == sorted(seen), "times are not in order"
    equal(len({row[:2] for row in rows}), len(rows), "rows with a time and a line of their own")
    for _, line, value in rows:
        assert isinstance(line, str) and isinstance(value, (int, float)), (line, value)


# ---- dashboards -----------------------------------------------------------------------------------------------------

def panels_of(board):
    """All but rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def options_of(reader, variable, values, span):
    """The values that a query variable offers: one column of texts. There are some, unless another has no value."""
    names, rows, _ = reader.run(sql_of(variable["query"], values, span))
    assert len(names) == 1, "%s: a variable has one column, not %s" % (variable["name"], names)
    found = [row[0] for row in rows]
    assert found or [] in values.values(), "nothing to choose from: " + variable["name"]
    assert all(isinstance(value, str) and value for value in found), (variable["name"], found)
    assert len(set(found)) == len(found), "%s offers a value twice" % variable["name"]
    return found


def choices(board, reader=None, span=None, chosen=None):
    """{variable: value} as a visitor finds them: all of each, or what `chosen` says; queries are asked in order."""
    values = {}
    for variable in board["templating"]["list"]:
        name = variable["name"]
        if variable["type"] == "query" and reader:
            values[name] = options_of(reader, variable, values, span)
        elif variable["type"] == "query":
            values[name] = variable["allValue"]
        else:
            values[name] = variable["current"]["value"]
        if chosen and name in chosen:
            values[name] = chosen[name](values[name])
    return values


def last_days(days):
    now = int(time.time())
    return now - days * 86400, now + 60
