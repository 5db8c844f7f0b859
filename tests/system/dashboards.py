#!/usr/bin/env python3
"""The dashboards, alerts and descriptions of contrib/, on a catalog that real polls filled and a Prometheus that scrapes.

Usage: python3 tests/system/dashboards.py BUILD_DIR [NAME]...
"""
import collections
import contextlib
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import client  # noqa: E402
import grafana  # noqa: E402
import harness  # noqa: E402
import prometheus  # noqa: E402
from daemon import until  # noqa: E402
from harness import Skip, case, equal, has, main, row_case  # noqa: E402
from web import Web  # noqa: E402

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
CONTRIB = os.path.join(ROOT, "contrib")
INSTALLED = "/usr/share/imagecat/"
RULES = os.path.join(CONTRIB, "prometheus", "imagecat.rules.yaml")
RULES_TEST = os.path.join(CONTRIB, "prometheus", "imagecat.rules.test.yaml")
SCRAPE = os.path.join(CONTRIB, "prometheus", "scrape.yaml")
DASHBOARDS = {"catalog": "frser-sqlite-datasource", "daemon": "prometheus"}
# The most work that a panel may make: steps of SQLite's machine for each image and for each row of the history. A
# join that looks at everything for each image is far beyond.
STEPS_EACH, STEPS_ALWAYS = 400, 200000
# Names of Prometheus itself.
NOT_OURS = {"up", "ALERTS"}


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def parsed(path):
    try:
        import yaml
    except ImportError:
        raise Skip("python3-yaml is not here") from None
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def board_of(name):
    return json.loads(text_of("contrib", "grafana", "dashboards", name + ".json"))


def queries_of(name):
    """[(title of the panel, target)]"""
    return [(panel["title"], target) for panel in grafana.panels_of(board_of(name)) for target in panel["targets"]]


def filled(place, images=1500, rounds=3):
    """Three clouds in which things changed, and an account whose key is refused."""
    sim = place.stack.enter_context(client.Sim(harness.build, "--images", str(images), "--seed", "11"))
    accounts = [
        place.account("ucloud", sim.url(), name="prod", regions=["cn-bj2", "hk"], cloud="api.ucloud.cn", interval="1h"),
        place.account("ucloud", sim.url(), name="twin", regions=["hk"], services=["uhost"], cloud="api.ucloud.cn",
                      interval="1h"),
        place.account("compshare", sim.url(), name="gpu", regions=["cn-wlcb"], zones=["cn-wlcb-01"], cloud="api.compshare.cn",
                      services=["custom", "platform", "community", "shared"], interval="1h"),
        place.account("qingcloud", sim.url("/iaas/"), name="qc", zones=["pek3", "sh1"], cloud="api.qingcloud.com",
                      variants=["system", "self"], interval="1h"),
        place.account("ucloud", sim.url(), name="lost", regions=["cn-sh2"], services=["uhost"], private_key="of-nobody",
                      cloud="api.ucloud.cn", interval="1h")]
    web = Web(place, accounts, removal={"after_complete_polls": 1})
    until(web.run, lambda: place.rows("SELECT 1 FROM listings") and not
          place.rows("SELECT 1 FROM listings WHERE last_attempt_at IS NULL"))
    for _ in range(rounds):
        sim.control("churn", changes=150)
        web.poll_all()
    sim.control("fail", rule="drift=1@DescribeUK8SImage")
    web.poll_all()
    sim.control("fail", clear=1)
    return sim, web


# ---- files ----------------------------------------------------------------------------------------------------------

def overlap(one, other):
    return one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"] and \
        one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def check_panel(panel, plugin):
    source = {"type": plugin, "uid": "${datasource}"}
    assert panel["description"].strip().endswith((".", "chosen")), panel["title"]
    equal(panel["datasource"], source, panel["title"])
    assert panel["targets"], panel["title"]
    refs = [target["refId"] for target in panel["targets"]]
    equal(len(set(refs)), len(refs), panel["title"])
    for target in panel["targets"]:
        equal(target["datasource"], source, panel["title"])
    if panel["type"] in ("stat", "timeseries", "barchart", "piechart", "heatmap"):
        assert panel["fieldConfig"]["defaults"].get("unit"), panel["title"] + " has no unit"
    levels = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert levels[0]["value"] is None and all(a["value"] is None or a["value"] < b["value"]
                                              for a, b in zip(levels, levels[1:])), panel["title"]


@row_case(list(DASHBOARDS.items()), "a_dashboard_is_in_order")
def a_dashboard_is_in_order(_place, plugin):
    [name] = [name for name, known in DASHBOARDS.items() if known == plugin]
    board = board_of(name)
    equal(board["uid"], "imagecat-" + name)
    equal(board["id"], None)
    assert "__inputs" not in board and "__requires" not in board and board["title"] and board["description"]
    equal(len({panel["id"] for panel in board["panels"]}), len(board["panels"]), "ids of panels")
    titles = [panel["title"] for panel in board["panels"]]
    assert all(titles) and len(grafana.panels_of(board)) >= 20, titles
    spots = [(panel["title"], panel["gridPos"]) for panel in board["panels"]]
    for i, (title, spot) in enumerate(spots):
        assert spot["x"] >= 0 and spot["w"] > 0 and spot["h"] > 0 and spot["x"] + spot["w"] <= 24, title
        for other, there in spots[:i]:
            assert not overlap(spot, there), "%s lies on %s" % (title, other)
    for panel in grafana.panels_of(board):
        check_panel(panel, plugin)
    variables = board["templating"]["list"]
    equal((variables[0]["name"], variables[0]["type"], variables[0]["query"]), ("datasource", "datasource", plugin))
    equal(len({variable["name"] for variable in variables}), len(variables))
    used = set(re.findall(r"\$\{?(\w+)", json.dumps([board["panels"], variables])))
    for variable in variables:
        assert variable["description"] and variable["name"] in used, variable["name"]
        if variable["type"] == "query":
            equal(variable["datasource"], {"type": plugin, "uid": "${datasource}"}, variable["name"])
    boards = {"imagecat-" + known for known in DASHBOARDS}
    for link in board["links"]:
        assert link["url"].rsplit("/", 1)[1] in boards, link


@case
def data_sources_and_dashboards_are_found(_place):
    sources = {source["uid"]: source for source in
               parsed(os.path.join(CONTRIB, "grafana/provisioning/datasources/imagecat.yaml"))["datasources"]}
    for name, plugin in DASHBOARDS.items():
        current = board_of(name)["templating"]["list"][0]["current"]
        source = sources[current["value"]]
        equal((source["type"], source["name"], source["access"]), (plugin, current["text"], "proxy"))
    options = sources["imagecat-sqlite"]["jsonData"]
    equal((options["pathPrefix"], options["path"]), ("file:", "/var/lib/imagecat/catalog.db"))
    assert not [word for word in grafana.BLOCKED if word in options["path"].lower()], options["path"]
    has(text_of("config", "imagecat.yaml"), options["path"])
    equal(options["pathOptions"].split("&"), ["mode=ro", "_pragma=busy_timeout(5000)"])
    [provider] = parsed(os.path.join(CONTRIB, "grafana/provisioning/dashboards/imagecat.yaml"))["providers"]
    path = provider["options"]["path"]
    assert path.startswith(INSTALLED), path
    equal(sorted(os.listdir(os.path.join(CONTRIB, path[len(INSTALLED):]))), ["catalog.json", "daemon.json"])


@case
def descriptions_for_datasette_are_those_of_the_catalog(place):
    done = subprocess.run([sys.executable, os.path.join(CONTRIB, "generate.py"), harness.build, "--check"], check=False,
                          capture_output=True, text=True)
    equal((done.returncode, done.stdout + done.stderr), (0, ""))
    metadata = parsed(os.path.join(CONTRIB, "datasette.yaml"))
    # A database is called like its file, and a key that Datasette does not know is silently nothing.
    [file] = re.findall(r"datasette --metadata /usr/share/imagecat/datasette\.yaml \S+/(\w+)\.db", text_of("docs", "DASHBOARDS.md"))
    equal((sorted(metadata), list(metadata["databases"])), (["databases", "description", "title"], [file]))
    equal(sorted(metadata["databases"][file]), ["description", "tables"])
    tables = metadata["databases"][file]["tables"]
    keys = {key for table in tables.values() for key in table}
    equal(keys, {"description", "columns", "hidden", "size", "label_column", "sort_desc"})
    assert all(1 <= table.get("size", 100) <= 1000 for table in tables.values())  # max_returned_rows
    place.configure([])
    place.once(0)
    with place.database() as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")]
        equal(sorted(tables), sorted(names))
        for name, table in tables.items():
            columns = [row[1] for row in db.execute('PRAGMA table_info("%s")' % name)]
            assert columns, name + " is not there"
            if name.startswith("_"):
                equal(table, {"hidden": True})
                continue
            left = set(columns) - set(table["columns"])
            assert table["description"] and all(column.endswith("_utc") for column in left), (name, left)
            for key in ("label_column", "sort_desc"):
                assert key not in table or table[key] in columns, (name, key)


# ---- the catalog's dashboard ----------------------------------------------------------------------------------------

def run_panel(reader, target, values, span, bound, rows_expected):
    names, rows, steps = reader.run(grafana.sql_of(target["rawQueryText"], values, span))
    equal(target["rawQueryText"], target["queryText"], "what is shown and what alerts ask")
    equal(target["queryType"] in ("table", "time series"), True, target["queryType"])
    assert rows or not rows_expected, "no rows"
    grafana.check_columns(names, rows, target["timeColumns"])
    if target["queryType"] == "time series":
        assert target["rawQueryText"].endswith("ORDER BY 1, 2"), "lines are in no order"
        grafana.check_series(names, rows, target["timeColumns"])
    assert steps <= bound, "%d steps, more than %d" % (steps, bound)
    return steps


def run_board(place, chosen=None, rows_expected=True, span=None):
    """Every panel; all that is wrong at once. Returns the steps of the most laborious one."""
    size = place.value("SELECT (SELECT count(*) FROM sightings) + (SELECT count(*) FROM changes) + (SELECT count(*) FROM polls)")
    wrong, most = [], 0
    span = span or grafana.last_days(7)
    with contextlib.closing(grafana.Reader(place.catalog)) as reader:
        values = grafana.choices(board_of("catalog"), reader, span, chosen)
        for title, target in queries_of("catalog"):
            try:
                most = max(most, run_panel(reader, target, values, span, STEPS_ALWAYS + STEPS_EACH * size, rows_expected))
            except AssertionError as error:
                wrong.append("%s: %s" % (title, error))
    assert not wrong, "\n".join(wrong)
    return most, size


@case
def every_panel_of_the_catalog_has_something_to_show(place):
    _, web = filled(place)
    most, size = run_board(place)  # while the daemon writes
    print("figure: the most laborious panel takes %d steps for each of %d rows" % (most / size, size))
    web.stop()
    run_board(place)


HOSTILE = "'; DROP VIEW images; -- \" % \\ ${provider} 镜像"
CHOICES = [
    ("one_of_each", {name: lambda all_of_them: all_of_them[:1] for name in ("provider", "account", "region", "os")}),
    ("nothing", {name: lambda _: [] for name in ("provider", "account", "region", "os")}),
    ("a_single_text", {"provider": lambda all_of_them: all_of_them[0], "search": lambda _: "ubuntu"}),
    ("narrow_steps", {"step": lambda _: "1"}),  # many times, whose order shows
    ("hostile_words", {"search": lambda _: HOSTILE, "account": lambda _: [HOSTILE, "prod"]}),
]


@case
def every_panel_of_the_catalog_takes_every_choice(place):
    _, web = filled(place, images=300, rounds=1)
    tried = list(CHOICES)
    for variable in board_of("catalog")["templating"]["list"]:
        if variable["type"] == "custom":
            values = [option["value"] for option in variable["options"]]
            equal(variable["query"], ", ".join("%s : %s" % (o["text"], o["value"]) for o in variable["options"]))
            tried.extend(("step_" + value, {variable["name"]: lambda _, value=value: value}) for value in values)
    for name, chosen in tried:
        try:
            run_board(place, chosen, rows_expected=False)
        except AssertionError as error:
            raise AssertionError("%s: %s" % (name, error)) from None
    run_board(place, rows_expected=False, span=(1500000000, 1500086400))
    # The account counts who sees an image, not who stands for it.
    board, span = board_of("catalog"), grafana.last_days(7)
    with contextlib.closing(grafana.Reader(place.catalog)) as reader:
        [count] = [target for title, target in queries_of("catalog") if title == "Images"]
        values = grafana.choices(board, reader, span, {"account": lambda _: ["twin"]})
        shown = reader.run(grafana.sql_of(count["rawQueryText"], values, span))[1][0][0]
    seen = place.value("SELECT count(*) FROM sightings WHERE account = 'twin' AND presence <> 'removed'")
    assert seen > place.value("SELECT count(*) FROM images WHERE account = 'twin'")
    equal(shown, seen)
    web.stop()


# ---- Prometheus -----------------------------------------------------------------------------------------------------

def scraped(place, web, rules=()):
    """The shipped scrape configuration with this daemon's address, every second."""
    text = [{**job, "scrape_interval": "1s", "static_configs": [{"targets": ["127.0.0.1:%d" % web.port]}]}
            for job in parsed(SCRAPE)]
    return prometheus.Prometheus(place, text, rules)


def families(text):
    """{name of a metric: names of its labels}, samples of histograms under the histogram's name."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    found = collections.defaultdict(set)
    for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? \S+$", text, re.MULTILINE):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        name = base if types.get(base) == "histogram" else name
        assert name in types, name
        found[name] |= set(re.findall(r'([a-z_]+)="', labels)) - {"le"}
    return dict(found)


def names_in(expression):
    """Metrics that it names: what is followed by neither an opening bracket nor within quotes or a grouping."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\b(by|on|without|ignoring|unless on|and on)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    words = set(re.findall(r"\b([a-zA-Z_][a-zA-Z0-9_:]*)\b(?!\s*\()", bare))
    return words - {"and", "or", "unless", "bool", "offset", "by", "on", "without", "ignoring"}


def check_names(expression, known):
    for name in names_in(expression):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        assert name in known or base in known or name in NOT_OURS, "the daemon exports no %s: %s" % (name, expression)


RANGES = {"__rate_interval": "1m", "__interval": "15s", "__range": "1h"}


def expression_of(target, values):
    return grafana.put_in(target["expr"], {**values, **RANGES}, grafana.pattern)


@case
def metrics_are_those_that_are_described(place):
    """docs/HTTP.md, every name with its labels, and nothing else."""
    _, web = filled(place, images=200, rounds=1)
    found = families(web.get("/metrics").body.decode())
    described, common = {}, {"account", "provider", "service", "listing"}
    section = text_of("docs", "HTTP.md").partition("## Metrics")[2].partition("## Health")[0]
    for names, more in (line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")):
        described.update(("imagecatd_" + name, more) for name in re.findall(r"`([a-z_]+)`", names))
    ours = {name for name in found if name.startswith("imagecatd_")}
    equal(sorted(ours), sorted(described))
    for name, more in described.items():
        labels = found[name] - common
        if name.startswith("imagecatd_listing_"):
            more = "".join(re.findall(r"`%s`: ([^;]*)" % name[len("imagecatd_"):], more))
        assert labels <= set(re.findall(r"[a-z_]+", more)) | {"version"}, (name, labels, more)
    process = {"process_" + word for word in ("cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "open_fds",
                                              "max_fds", "start_time_seconds")}
    equal({name for name in found if name.startswith("process_")}, process)
    equal(set(found), ours | process)
    web.stop()


@case
def every_expression_of_the_daemon_has_data(place):
    prometheus.need()
    _, web = filled(place, images=300, rounds=1)
    known = families(web.get("/metrics").body.decode())
    server = scraped(place, web, [RULES])
    server.until("count_over_time(imagecatd_build_info[1m])", lambda count: count and count >= 3)
    server.until("count(ALERTS)", lambda count: count)
    board, wrong = board_of("daemon"), []
    for chosen in (None, {"account": lambda _: ["prod", "gpu", "qc", "twin", "lost"], "service": lambda _: ["uhost", "custom"]}):
        values = grafana.choices(board, chosen=chosen)
        for title, target in queries_of("daemon"):
            try:
                expression = expression_of(target, values)
                check_names(expression, known)
                assert server.query(expression), "no data: " + expression
            except AssertionError as error:
                wrong.append("%s: %s" % (title, error))
    assert not wrong, "\n".join(wrong)
    for variable in board["templating"]["list"][1:]:
        match = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
        selector, label = match.groups()
        found = server.api("label/%s/values" % label, **{"match[]": grafana.put_in(selector, values, grafana.pattern)})
        assert found, variable["name"]
        check_names(selector, known)
    server.stop()
    web.stop()


@case
def prometheus_scrapes_a_bounded_number_of_series(place):
    prometheus.need()
    sim, web = filled(place, images=300, rounds=1)
    server = scraped(place, web, [RULES])
    server.until('up{job="imagecatd"}', lambda up: up == 1)
    ours = '{__name__=~"imagecatd_.+|process_.+"}'
    server.until("count(%s)" % ours, lambda count: count)
    images = {row["listing_id"]: row["images_present"] for row in place.rows("SELECT * FROM listings")}
    equal(sum(value for _, value in server.query("imagecatd_listing_images")), sum(images.values()))
    equal(len(server.query("imagecatd_listing_images")), len(images))
    before = server.series(ours)
    assert len(before) < 30 * len(images) + 150, len(before)
    for _ in range(3):
        sim.control("churn", changes=100)
        web.poll_all()
    polls = place.value("SELECT count(*) FROM polls")
    server.until("sum(imagecatd_polls_total)", lambda count: count == polls)
    assert place.value("SELECT count(*) FROM changes WHERE kind IN ('added', 'removed')") > 10
    # All that there ever were, also those that ended.
    after = server.series(ours)
    equal(len(after), len(before), "series, after images came and went")
    words = {value for labels in after for name, value in labels.items() if name not in ("__name__", "le")}
    for row in place.rows("SELECT image_id, uid, name FROM sightings"):
        assert not {row["image_id"], row["uid"], row["name"]} & words, row
    # The rules are loaded, and know the account whose key is refused.
    server.until('count(ALERTS{alertname="ImagecatdAuthenticationFailing"})', lambda count: count == 1)
    for group in server.api("rules")["groups"]:
        for rule in group["rules"]:
            equal((rule["health"], rule.get("lastError")), ("ok", None), rule["name"])
    equal({labels["alertname"] for labels, _ in server.query("ALERTS")},
          {"ImagecatdAuthenticationFailing", "ImagecatdListingNeverComplete"})
    equal({labels["account"] for labels, _ in server.query("ALERTS")}, {"lost"})
    server.stop()
    web.stop()


# ---- alerts ---------------------------------------------------------------------------------------------------------

def rules_of():
    return [rule for group in parsed(RULES)["groups"] for rule in group["rules"]]


@case
def alerts_fire_when_they_must_and_only_then(_place):
    prometheus.need("/usr/bin/promtool")
    status, said = prometheus.promtool("check", "rules", RULES)
    equal(status, 0, said)
    status, said = prometheus.promtool("test", "rules", RULES_TEST)
    equal(status, 0, said)
    tried = collections.defaultdict(set)
    for group in parsed(RULES_TEST)["tests"]:
        for test in group["alert_rule_test"]:
            tried[test["alertname"]].add(bool(test["exp_alerts"]))
    equal(dict(tried), {rule["alert"]: {True, False} for rule in rules_of()}, "each alert, firing and not")


@case
def alerts_say_what_to_do(place):
    page = text_of("docs", "DASHBOARDS.md")
    for rule in rules_of():
        name = rule["alert"]
        assert re.fullmatch(r"Imagecatd[A-Z][A-Za-z]+", name), name
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), name
        notes = rule["annotations"]
        assert "{{" not in notes["summary"] and notes["description"].endswith("."), name
        equal(notes["runbook_url"], "file:///usr/share/doc/imagecat/DASHBOARDS.md#" + name.lower())
        assert re.search(r"^### %s$" % name, page, re.MULTILINE), "docs/DASHBOARDS.md does not say what to do about " + name
    equal(len(re.findall(r"^### Imagecatd", page, re.MULTILINE)), len(rules_of()))
    _, web = filled(place, images=100, rounds=1)
    known = families(web.get("/metrics").body.decode())
    for rule in rules_of():
        check_names(rule["expr"], known)
    web.stop()


@case
def the_scrape_example_is_a_configuration(place):
    prometheus.need("/usr/bin/promtool")
    path = os.path.join(place.path, "prometheus.yml")
    with open(path, "w") as file:
        json.dump({"scrape_configs": parsed(SCRAPE), "rule_files": [RULES]}, file)
    status, said = prometheus.promtool("check", "config", path)
    equal(status, 0, said)
    [job] = parsed(SCRAPE)
    equal(job["job_name"], re.search(r'up\{job="(\w+)"\}', text_of("contrib", "prometheus", "imagecat.rules.yaml"))[1])
    has(text_of("config", "imagecat.yaml"), job["static_configs"][0]["targets"][0])


# ---- the page -------------------------------------------------------------------------------------------------------

@case
def what_the_page_names_is_there(place):
    """Files, sections and addresses; its SQL is run by tests/unit/store_views_page.c."""
    page = text_of("docs", "DASHBOARDS.md")
    for path in re.findall(re.escape(INSTALLED) + r"([\w./-]+)", page):
        assert os.path.exists(os.path.join(CONTRIB, path.rstrip("."))), path
    for path in re.findall(r"\]\(([^)#:]+)\)", page):
        assert os.path.exists(os.path.join(ROOT, "docs", path)), path
    titles = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    for anchor in re.findall(r"\]\(#([^)]+)\)", page):
        assert anchor in titles, anchor
    _, web = filled(place, images=100, rounds=1)
    targets = re.findall(r"http://127\.0\.0\.1:8480(/[^\s`\"')]*)", page)
    assert len(targets) >= 3, targets
    for target in targets:
        reply = web.get(target)
        equal(reply.status, 200, target)
        assert target == "/" or len(reply.body) > 200, (target, reply.body)
    web.stop()


@case
def statements_in_commands_have_an_answer(place):
    """What people are told to type after sqlite3, in a shell or in Python."""
    _, web = filled(place, images=100, rounds=1)
    web.stop()
    docs = ["docs/" + name for name in sorted(os.listdir(os.path.join(ROOT, "docs"))) if name.endswith(".md")]
    catalogs = ["systemd/imagecatd.catalog", "systemd/imagecatd.zh_CN.catalog"]
    found = set()
    for path in [*docs, *catalogs, "README.md", "README.zh-CN.md", "demo"]:
        commands = re.findall(r"""(?:sqlite3 [^\n]*? |execute\()(["'])(SELECT .*?)\1""", text_of(path), re.DOTALL)
        for _, statement in commands:
            assert place.rows(re.sub(r"@\w+@", "1", statement)), (path, statement)
            found.add(path)
    assert found >= {"docs/DASHBOARDS.md", *catalogs}, found


if __name__ == "__main__":
    main()
