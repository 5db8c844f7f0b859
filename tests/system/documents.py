#!/usr/bin/env python3
"""What the documents tell people to type and to write into files: every command and block is run here, or is in the table that
says who runs it, or why nobody can.

Usage: python3 tests/system/documents.py BUILD_DIR [NAME]...
"""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import client  # noqa: E402
import cloud as clouds  # noqa: E402
import grafana  # noqa: E402
import harness  # noqa: E402
import pages  # noqa: E402
import prometheus  # noqa: E402
from daemon import until  # noqa: E402
from harness import Skip, case, equal, has, main, row_case  # noqa: E402
from patience import PATIENCE  # noqa: E402
from pages import PAGES, all_of, blocks_of, commands_of, inline_of, kind_of, reason  # noqa: E402
from web import Web  # noqa: E402


@case
def every_block_is_run_or_says_who_runs_it(_place):
    unknown, used = [], set()
    for path in PAGES:
        equal(len(re.findall(r"^[ \t>]*(?:```|~~~)", pages.text_of(path), re.MULTILINE)), 2 * len(blocks_of(path)), "fences of " + path)
        for language, text in blocks_of(path):
            words = "%s:%s:%s" % (path, language, text)
            if kind_of(path, language, text) is None:
                unknown.append(words[:200])
            used |= {pattern for pattern, _ in pages.ELSEWHERE if re.match(pattern, words)}
            if kind_of(path, language, text) == "shell":
                used |= {pattern for pattern, _ in pages.ELSEWHERE for command in commands_of(text)
                         if re.match(pattern, re.sub("^build/", "", command))}
        used |= {pattern for pattern, _ in pages.ELSEWHERE for command in inline_of(path) if re.match(pattern, command)}
    equal(unknown, [], "blocks that nobody runs")
    equal([pattern for pattern, _ in pages.ELSEWHERE if pattern not in used], [], "patterns that match nothing")


# ---- commands -----------------------------------------------------------------------------------------------------

def scrape_example():
    [text] = [text for _, text in all_of("yaml") if "scrape_configs" in text]
    return text


class Shell:
    """What people have around them: the programs in the path, a daemon, files of their own."""

    def __init__(self, place):
        self.images = [clouds.uhost_image(n, "cn-bj2-02", OsName="Ubuntu 22.04 64位", Features=["GPU"], MaintainEol="2099-01-01")
                       for n in range(30)]
        self.images[0]["ImageId"] = "uimage-abc"
        prod, self.held, lost = (place.cloud() for _ in range(3))
        for cloud in (prod, self.held):
            cloud.put("DescribeImage", self.images)
        lost.always("DescribeImage", clouds.ucloud_error(171, "Signature VerifyAC Error"))
        self.place, self.number = place, 0
        self.web = Web(place, [place.account("ucloud", cloud.url(), name=name, services=["uhost"], cloud="api.ucloud.cn", interval="1h")
                               for name, cloud in (("prod", prod), ("held", self.held), ("lost", lost))])
        until(self.web.run, lambda: place.value("SELECT count(*) FROM listings WHERE last_attempt_at > 0") == 3)
        self.names = {"path": place.path, "state": place.state, "group": os.getgid()}
        for name in ("bin", "terraform", "srv/backup", "etc/prometheus", "etc/imagecat", "etc/grafana/provisioning/datasources",
                     "etc/grafana/provisioning/dashboards"):
            os.makedirs(os.path.join(place.path, name))
        for name in ("imagecat", "imagecatd"):
            os.symlink(os.path.join(harness.build, name), os.path.join(place.path, "bin", name))
        self.write("images.txt", "uimage-abc\n")
        self.write("terraform/main.tf", '\nimage_id = "uimage-never"\n')
        self.write("etc/prometheus/prometheus.yml", scrape_example())
        [(_, source)] = all_of("c")
        self.write("acme.c", source)
        shutil.copy(os.path.join(pages.CONTRIB, "prometheus", "imagecat.rules.yaml"), os.path.join(place.path, "etc", "prometheus"))

    def write(self, name, text):
        with open(os.path.join(self.place.path, name), "w") as file:
            file.write(text)

    def hold(self):
        """Something that can be released."""
        for items in (self.images, []):
            self.held.put("DescribeImage", items)
            self.web.poll_all()

    def put_in(self, command):
        self.number += 1
        for pattern, new in pages.PUT_IN:
            command = re.sub(pattern, lambda match, new=new: new.format(*match.groups(), number=self.number, **self.names), command)
        return command

    def run(self, path, command):
        if "imagecat release" in command:
            self.hold()
        real = self.put_in(command)
        done = subprocess.run(["bash", "-uec", real], capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=self.place.path,
                              stdin=subprocess.DEVNULL, env={
                                  **os.environ, "PATH": os.path.join(self.place.path, "bin") + ":" + os.environ["PATH"],
                                  "IMAGECAT_CATALOG": self.place.catalog, "IMAGECAT_HTTP": self.web.address})
        said = "%s: %s → %s: exit status %d: %s" % (path, command, real, done.returncode, (done.stdout + done.stderr)[:600])
        status, words = next((row[1:] for row in pages.OTHERWISE if re.match(row[0], command)), (0, ""))
        equal(done.returncode, status, said)
        assert (done.stdout + done.stderr).strip(), said + " (nothing)"
        has(done.stdout + done.stderr, words)
        return done


@case
def commands(place):
    """In blocks and in sentences. A block of a man page is one script; elsewhere each line is a command."""
    for program in ("jq", "promtool", "sqlite3"):
        prometheus.need(program)
    shell, count = Shell(place), 0
    tried = {command: path for path in PAGES for command in inline_of(path)}
    for path, text in all_of("shell"):
        tried.update(dict.fromkeys([re.sub(r"\\\n\s*", "", text).strip()] if path.endswith(".scd") else commands_of(text), path))
    wrong = []
    for command, path in tried.items():
        if reason(re.sub("^build/", "", command)):
            continue
        count += 1
        try:
            shell.run(path, command)
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, "\n".join(wrong)
    print("figure: %d commands of the documents run, %d left to others" % (count, len(tried) - count))
    assert count > 15, tried
    shell.web.stop()


# ---- files --------------------------------------------------------------------------------------------------------

def check(place, text):
    place.write_config(text)
    run = place.start("--check")
    equal(run.wait(), 0, run.err)


@row_case([(re.sub(r"\W+", "_", path), path) for path in PAGES
           if any(kind_of(path, *block) == "yaml" and "accounts:" in block[1] for block in blocks_of(path))], "configuration_of")
def configuration(place, path):
    """As it stands it is valid; with a cloud that is here, and the keys, it polls everything, and the commands below it work."""
    [text] = [text for language, text in blocks_of(path) if kind_of(path, language, text) == "yaml" and "accounts:" in text]
    check(place, text)
    sim = place.stack.enter_context(client.Sim(harness.build, "--images", "200", "--seed", "11"))
    text = text.replace("/var/lib/imagecat/", place.state + "/")
    for provider, (key, secret) in {"ucloud|compshare": (clouds.UCLOUD_ID, clouds.UCLOUD_SECRET),
                                    "qingcloud": (clouds.QINGCLOUD_ID, clouds.QINGCLOUD_SECRET)}.items():
        file = place.key_file(provider[:5], secret + "\n")
        text = re.sub(r"(provider: (?:%s)\n +\w+_id|provider: (?:%s)\n +public_key): .*\n( +\w+_file): \S+" % (provider, provider),
                      r"\1: %s\n\2: %s\n    requests_per_second: 1000\n    endpoint: %s" %
                      (key, file, sim.url("/iaas/" if provider == "qingcloud" else "/")), text)
    text = re.sub(r"\n +project_id: .*", "", text)
    assert text.count(sim.url()) == text.count("provider:"), text
    place.write_config(text + "http: {listen: off}\n" + ("" if "catalog:" in text else "catalog: {path: %s}\n" % place.catalog))
    lines = [line for language, block in blocks_of(path if "README" in path else PAGES[0])
             if block.startswith("build/imagecatd --config") for line in commands_of(block)]
    equal(len(lines), 4, lines)
    for line in lines:
        program, *arguments = line.replace("/var/lib/imagecat/", place.state + "/").split()
        run = harness.Run(place, arguments, program=os.path.basename(program))
        place.runs.append(run)
        if arguments[-1] == "imagecat.yaml":  # it keeps the catalog fresh
            run.await_line("started")
            run.kill(signal.SIGTERM)
        equal(run.wait(), 0, line + ": " + run.err)
        assert run.out + run.err, line
    assert place.value("SELECT count(*) FROM images") > 20
    equal(place.value("SELECT count(DISTINCT account) FROM listings"), text.count("provider:"))


@case
def a_mistake_looks_like_this(place):
    """README's example of one, word for word; the commands above it are in the cases before."""
    for path in PAGES[:2]:
        [shown] = [text for language, text in blocks_of(path) if kind_of(path, language, text) == "mistake"]
        [config] = [text for language, text in blocks_of(path) if language == "yaml"]
        lines = config.splitlines(keepends=True)
        place.write_config("".join([*lines[:7], "    intervall: 5m\n", *lines[7:]]))
        run = harness.Run(place, ["--config", "imagecat.yaml", "--check"])
        place.runs.append(run)
        equal(run.wait(), 78)
        equal(re.sub(r"[^\n]*: warning: [^\n]*\n[^\n]*\n[^\n]*\n", "", run.err), shown)  # there are no keys here


@case
def a_panel_of_ones_own(place):
    """It is a time series that Grafana can draw."""
    shell = Shell(place)
    shell.web.stop()
    with contextlib.closing(grafana.Reader(place.catalog)) as reader:
        for _, text in all_of("panel"):
            names, rows, _ = reader.run(grafana.sql_of(text, {}, grafana.last_days(1)))
            assert rows, text
            grafana.check_series(names, rows, ["time"])


@case
def expressions(place):
    """PromQL, in blocks and in sentences, asked of a Prometheus that scrapes the daemon as the documents say."""
    shell = Shell(place)
    [job] = json_of_yaml(scrape_example())["scrape_configs"]
    job.update({"scrape_interval": "1s", "static_configs": [{"targets": [shell.web.address]}]})
    server = prometheus.Prometheus(place, [job])
    server.until('up{job="imagecatd"}', lambda value: value == 1)
    inline = [found for path in PAGES if path.endswith(".md") for found in re.findall(r"`(time\(\) [^`]+)`", pages.text_of(path))]
    assert inline
    for expression in [text for _, text in all_of("promql")] + inline:
        # A condition has no data while all is well: its two sides have.
        assert server.query(expression.replace(" > ", " - ")), expression
        server.query(expression)
    server.stop()
    shell.web.stop()


def json_of_yaml(text):
    try:
        import yaml
    except ImportError:
        raise Skip("python3-yaml is not here") from None
    return yaml.safe_load(text)


@case
def programs(place):
    """The lines of Python, and the provider: with the one command that is shown it becomes a plug-in that is loaded."""
    shell = Shell(place)
    for _, text in all_of("python"):
        done = subprocess.run([sys.executable, "-c", shell.put_in(text)], capture_output=True, text=True, check=False)
        equal(done.returncode, 0, done.stderr)
        assert json.loads(done.stdout.replace("(", "[").replace(",)", "]"))[0] > 20, done.stdout
    shell.web.stop()
    [compile_it] = [command for _, text in all_of("shell") for command in commands_of(text) if command.startswith("cc ")]
    shell.run("docs/PROVIDERS.md", compile_it)
    place.configure([place.account("acme", "https://api.acme.example/")])
    with open(place.config_path) as file:
        config = json.load(file)
    config["plugin_dir"] = os.path.join(place.path, "plugins")
    os.mkdir(config["plugin_dir"], 0o755)
    os.rename(os.path.join(place.path, "acme.so"), os.path.join(config["plugin_dir"], "acme.so"))
    check(place, json.dumps(config))


if __name__ == "__main__":
    main()
