#!/usr/bin/env python3
"""Runs inside the container, as root, under the real systemd. tests/nspawn/run starts it and reads its output."""
import contextlib
import json
import os
import pwd
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
import traceback

CONFIG = "/etc/imagecat/imagecat.yaml"
CATALOG = "/var/lib/imagecat/catalog.db"
DROP_INS = "/run/systemd/system/imagecatd.service.d"
UCLOUD_ID, UCLOUD_SECRET = "ucloudsomeone@example.com1296235120854146120", "46f09bb9fab4f12dfc160dae12273d5332b5debe"
QINGCLOUD_ID, QINGCLOUD_SECRET = "QYACCESSKEYIDEXAMPLE", "SECRETACCESSKEY"
SIM = "http://127.0.0.1:8490"
WAIT = 30

cases = []


def case(function):
    cases.append(function)
    return function


# ---- small tools ----------------------------------------------------------------------------------------------

def run(*command, expected=0, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120, **more)
    assert expected is None or done.returncode == expected, "%s: exit status %d\n%s" % (
        " ".join(command), done.returncode, done.stdout)
    return done.stdout.strip() if expected is not None else done.returncode


def until(what, condition, seconds=WAIT):
    """Waits for a condition, whatever it takes up to `seconds`; the condition's value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "waited %d s for %s; the last answer: %r; status: %s" % (
            seconds, what, value, status_text())
        time.sleep(0.05)


def show(name, unit="imagecatd"):
    return run("systemctl", "show", "--property", name, "--value", unit)


def status_text():
    return show("StatusText")


def pid():
    return int(show("MainPID"))


def is_active():
    return show("ActiveState") == "active"


def journal(since, **match):
    """Records of the daemon after the moment `since`, as dictionaries."""
    text = run("journalctl", "-o", "json", "--since", "@%.6f" % since, "-u", "imagecatd", "--no-pager")
    records = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [r for r in records if all(r.get(key) == value for key, value in match.items())]


def message_ids():
    with open("/test/messages.h") as file:
        return dict(re.findall(r'X\((\w+), *"([0-9a-f]{32})"', file.read()))


def rows(sql):
    connection = sqlite3.connect("file:%s?mode=ro" % CATALOG, uri=True, timeout=10)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def count(where="1"):
    return rows("SELECT count(*) FROM sightings WHERE " + where)[0][0] if os.path.exists(CATALOG) else 0


def write(path, text, mode=0o640):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.chmod(path + ".new", mode)
    shutil.chown(path + ".new", "root", "imagecat")
    os.rename(path + ".new", path)


def configure(*accounts, **more):
    """JSON is YAML."""
    write(CONFIG, json.dumps({"defaults": {"interval": "2s", "requests_per_second": 1000}, "accounts": accounts, **more}))


def account(name="prod", **more):
    return {"name": name, "provider": "ucloud", "endpoint": SIM + "/", "public_key": UCLOUD_ID,
            "regions": ["cn-bj2", "hk"], "private_key_file": "/etc/imagecat/prod.key", **more}


QINGCLOUD = {"name": "qc", "provider": "qingcloud", "endpoint": SIM + "/iaas/", "access_key_id": QINGCLOUD_ID,
             "secret_access_key_file": "/etc/imagecat/qc.key", "zones": ["pek3"]}


@contextlib.contextmanager
def drop_in(name, text):
    os.makedirs(DROP_INS, exist_ok=True)
    path = os.path.join(DROP_INS, name + ".conf")
    with open(path, "w") as file:
        file.write("[Service]\n" + text + "\n")
    run("systemctl", "daemon-reload")
    try:
        yield
    finally:
        os.unlink(path)
        run("systemctl", "daemon-reload")


def restart():
    run("systemctl", "reset-failed", "imagecatd", expected=None)
    run("systemctl", "restart", "imagecatd")


def as_user(name, *command):
    """The exit status of a command of somebody who is logged in."""
    return run("runuser", "-u", name, "--", *command, expected=None)


# ---- installed -----------------------------------------------------------------------------------------------

@case
def users_and_folders_are_made_at_boot():
    assert pwd.getpwnam("imagecat").pw_dir == "/var/lib/imagecat"
    for path, mode, group in (("/etc/imagecat", 0o750, "imagecat"), (CONFIG, 0o640, "imagecat")):
        st = os.stat(path)
        assert stat.S_IMODE(st.st_mode) == mode and shutil._get_gid(group) == st.st_gid and st.st_uid == 0, path


@case
def it_starts_with_no_account():
    run("systemctl", "start", "imagecatd")
    assert is_active()
    assert status_text() == "no listing is configured", status_text()
    assert stat.S_IMODE(os.stat("/var/lib/imagecat").st_mode) == 0o2750
    run("systemctl", "reload", "imagecatd")
    assert is_active()


@case
def a_catalog_fills():
    write("/etc/imagecat/prod.key", UCLOUD_SECRET + "\n")
    write("/etc/imagecat/qc.key", QINGCLOUD_SECRET + "\n")
    run("systemd-run", "--unit=sim", "/usr/bin/imagecat-sim", "--listen", SIM[7:], "--images", "600")
    configure(account())
    restart()
    text = until("images in STATUS", lambda: re.fullmatch(
        r"4 listings; ([1-9]\d*) images; .*next poll at \d\d:\d\d:\d\d UTC", status_text()))
    until("as many in the catalog", lambda: count() == int(text[1]))
    assert "Status: \"4 listings; " in run("systemctl", "status", "imagecatd", "--no-pager")
    for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
        st = os.stat("/var/lib/imagecat/" + name)
        assert stat.S_IMODE(st.st_mode) == 0o640 and st.st_gid == pwd.getpwnam("imagecat").pw_gid, name


@case
def the_journal_has_fields():
    run("journalctl", "--update-catalog")
    since = time.time()
    write("/etc/imagecat/prod.key", "wrong\n")
    restart()
    ids = message_ids()
    record = until("a refusal in the journal", lambda: journal(since, MESSAGE_ID=ids["AUTH_REFUSED"]))[0]
    assert record["PRIORITY"] == "4" and record["IMAGECAT_ACCOUNT"] == "prod", record
    assert record["IMAGECAT_REASON"] == "auth" and record["IMAGECAT_POLL_ID"].isdigit(), record
    assert record["IMAGECAT_LISTING"].startswith("prod "), record
    assert record["SYSLOG_IDENTIFIER"] == "imagecatd" and "CODE_FILE" not in record, record
    assert not re.search(r"<\d>", record["MESSAGE"]) and "\n" not in record["MESSAGE"], record
    until("the refusal in STATUS", lambda: re.search(r" 4 failing \(prod uhost cn-bj2: auth, and 3 more\)", status_text()))
    text = run("journalctl", "-x", "--since", "@%.6f" % since, "-u", "imagecatd", "--no-pager")
    assert "-- Subject: The cloud refused the keys of account prod" in text.replace("░░ ", "-- "), text[-3000:]


@case
def a_rotated_key_is_found_by_reload():
    since = time.time()
    write("/etc/imagecat/prod.key", UCLOUD_SECRET + "\n")
    before = pid()
    run("systemctl", "reload", "imagecatd")
    until("no failure in STATUS", lambda: "failing" not in status_text())
    assert pid() == before
    assert until("the good news", lambda: journal(since, MESSAGE_ID=message_ids()["LISTING_RECOVERED"]))


@case
def a_rotated_key_is_found_without_a_reload():
    """The next try reads it again, and then all listings of the account follow."""
    before = pid()
    write("/etc/imagecat/prod.key", "wrong\n")
    run("systemctl", "reload", "imagecatd")
    until("the refusal in STATUS", lambda: " 4 failing " in status_text())
    write("/etc/imagecat/prod.key", UCLOUD_SECRET + "\n")
    until("no failure in STATUS", lambda: "failing" not in status_text(), 60)
    assert pid() == before and is_active()


# ---- reload ------------------------------------------------------------------------------------------------

@case
def a_good_reload_takes_effect():
    before, since = pid(), time.time()
    configure(account(), QINGCLOUD)
    run("systemctl", "reload", "imagecatd")
    until("images of the new account", lambda: count("account = 'qc'") > 0)
    until("the news", lambda: journal(since, MESSAGE_ID=message_ids()["RELOADED"]))
    assert pid() == before and is_active()


@case
def a_bad_reload_is_an_error_and_changes_nothing():
    before, images = pid(), count("account = 'qc'")
    polls = rows("SELECT max(poll_id) FROM polls")[0][0]
    write(CONFIG, "accounts: [{name: prod, provider: ucloudd}]\n")
    assert run("systemctl", "reload", "imagecatd", expected=None) != 0
    until("more polls", lambda: rows("SELECT max(poll_id) FROM polls")[0][0] > polls + 6)
    assert pid() == before and is_active() and count("account = 'qc'") == images
    assert show("ReloadResult") in ("", "exit-code"), show("ReloadResult")


@case
def a_bad_file_that_gets_past_the_check_is_refused_by_the_daemon():
    """kill -HUP by hand: no ExecReload= in between."""
    before, since = pid(), time.time()
    run("systemctl", "kill", "-s", "HUP", "imagecatd")
    until("the refusal", lambda: journal(since, MESSAGE_ID=message_ids()["RELOAD_REFUSED"]))
    until("running again", lambda: show("SubState") == "running" and "listings" in status_text())
    assert pid() == before and is_active()
    configure(account(), QINGCLOUD)
    run("systemctl", "reload", "imagecatd")


@case
def credentials_of_the_service_manager():
    """They are not seen by the check of ExecReload=: that is a warning there, no error."""
    os.makedirs("/etc/credstore", exist_ok=True)
    with open("/etc/credstore/imagecat.key", "w") as file:
        file.write(UCLOUD_SECRET)
    os.chmod("/etc/credstore/imagecat.key", 0o600)
    with drop_in("credentials", "LoadCredential=ucloud-private-key:/etc/credstore/imagecat.key"):
        configure(account("cred", private_key_file="${CREDENTIALS_DIRECTORY}/ucloud-private-key"))
        restart()
        until("images", lambda: count("account = 'cred'") > 0)
        before = pid()
        run("systemctl", "reload", "imagecatd")
        until("ready after the reload", lambda: show("SubState") == "running" and "listings" in status_text())
        assert pid() == before and "failing" not in status_text(), status_text()
        with open("/proc/%d/environ" % before, "rb") as environ, open("/proc/%d/cmdline" % before, "rb") as line:
            assert UCLOUD_SECRET.encode() not in environ.read() + line.read()
        assert UCLOUD_SECRET not in run("systemctl", "show", "imagecatd")
        assert UCLOUD_SECRET not in run("journalctl", "-u", "imagecatd", "-o", "export", "--no-pager", "-n", "1000")
    configure(account(), QINGCLOUD)
    restart()


# ---- who may read ------------------------------------------------------------------------------------------

def check_readers(state):
    for command in (("sqlite3", "file:%s?mode=ro" % CATALOG, "SELECT count(*) FROM images"),
                    ("sqlite3", "-readonly", CATALOG, "SELECT count(*) FROM images"),
                    ("imagecat", "list", "--limit", "1"), ("imagecat", "list", "-o", "json")):
        assert as_user("reader", *command) == 0, "%s: a reader of the group cannot %s" % (state, command)
        assert as_user("stranger", *command) != 0, "%s: somebody else can %s" % (state, command)
    assert as_user("reader", "sh", "-c", ": >> " + CATALOG) != 0, "the group can write"
    assert as_user("reader", "touch", "/var/lib/imagecat/new") != 0, "the group can create files"


@case
def the_group_reads_the_catalog_in_every_state():
    run("useradd", "--create-home", "--groups", "imagecat", "reader")
    run("useradd", "stranger")
    with open("/home/reader/secret", "w") as file:
        file.write("x")
    os.chmod("/home/reader/secret", 0o644)
    os.chmod("/home/reader", 0o755)
    until("images", lambda: count() > 0)
    check_readers("running")
    with drop_in("norestart", "Restart=no"):
        run("systemctl", "kill", "-s", "KILL", "imagecatd")
        until("killed", lambda: show("ActiveState") == "failed")
        check_readers("killed")
        restart()
        run("systemctl", "stop", "imagecatd")
        check_readers("stopped")
    restart()


# ---- what ends it --------------------------------------------------------------------------------------------

@case
def a_stop_is_clean():
    until("images", lambda: count() > 0)
    run("systemctl", "stop", "imagecatd")
    assert show("Result") == "success" and show("ExecMainStatus") == "0", show("Result")
    assert not os.path.exists("/run/imagecat")
    assert rows("PRAGMA integrity_check") == [("ok",)]
    restart()


@case
def a_killed_daemon_comes_back():
    with drop_in("soon", "RestartSec=100ms"):
        restart()
        before = pid()
        run("systemctl", "kill", "-s", "KILL", "imagecatd")
        until("another process", lambda: is_active() and pid() not in (0, before))
    assert "listings" in until("its status", status_text)


@case
def the_watchdog_ends_a_daemon_that_hangs():
    with drop_in("soon", "RestartSec=100ms\nWatchdogSec=3s"):
        restart()
        before, since = pid(), time.time()
        until("more than two watchdog periods alive", lambda: time.time() - since > 7)
        assert pid() == before and is_active(), "killed although it was alive"
        run("systemctl", "kill", "-s", "STOP", "imagecatd")
        until("another process", lambda: is_active() and pid() not in (0, before))
        text = run("journalctl", "--since", "@%.6f" % since, "-u", "imagecatd", "--no-pager")
        assert "Watchdog timeout" in text, text
    assert rows("PRAGMA integrity_check") == [("ok",)]


@case
def the_watchdog_leaves_a_daemon_that_waits():
    """Somebody holds the lock of the catalog for twice the watchdog's time; the wait for it is not a hang."""
    with drop_in("soon", "RestartSec=100ms\nWatchdogSec=12s"):
        restart()
        before = pid()
        until("images", lambda: count() > 0)
        blocker = sqlite3.connect(CATALOG, timeout=30, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        try:
            started = time.monotonic()
            until("its end", lambda: pid() != before or time.monotonic() > started + 26)
            assert pid() == before and is_active(), "killed although it waited"
            polls = rows("SELECT max(poll_id) FROM polls")[0][0]
        finally:
            blocker.execute("ROLLBACK")
            blocker.close()
        until("polls", lambda: rows("SELECT max(poll_id) FROM polls")[0][0] > polls, 60)


@case
def the_watchdog_ends_a_daemon_whose_writer_hangs():
    """A lock again: one wait for it is longer than this watchdog allows."""
    with drop_in("soon", "RestartSec=100ms\nWatchdogSec=3s"):
        restart()
        before, since = pid(), time.time()
        blocker = sqlite3.connect(CATALOG, timeout=30, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        try:
            until("another process", lambda: pid() not in (0, before), 60)
        finally:
            blocker.execute("ROLLBACK")
            blocker.close()
        text = run("journalctl", "--since", "@%.6f" % since, "-u", "imagecatd", "--no-pager")
        assert "Watchdog timeout" in text, text
    until("it runs again", is_active)


@case
def an_invalid_configuration_is_not_tried_again():
    write(CONFIG, "accounts: 7\n")
    run("systemctl", "restart", "imagecatd", expected=1)
    assert show("ExecMainStatus") == "78" and show("ActiveState") == "failed" and show("NRestarts") == "0", \
        show("NRestarts")
    configure(account(), QINGCLOUD)
    restart()


@case
def a_stopped_journal_stops_nothing():
    configure(account(), QINGCLOUD, log={"level": "debug"}, defaults={"interval": "1s", "requests_per_second": 1000})
    with drop_in("soon", "WatchdogSec=3s"):
        restart()
        until("images", lambda: count() > 0)
        before, polls = pid(), rows("SELECT max(poll_id) FROM polls")[0][0]
        run("systemctl", "kill", "--kill-whom=main", "-s", "STOP", "systemd-journald")
        try:
            until("polls", lambda: rows("SELECT max(poll_id) FROM polls")[0][0] > polls + 40, 60)
            assert pid() == before and is_active()
            started = time.monotonic()
            os.kill(before, 15)
            until("its end", lambda: not os.path.exists("/proc/%d" % before))
            assert time.monotonic() - started < 5
        finally:
            run("systemctl", "kill", "--kill-whom=main", "-s", "CONT", "systemd-journald")
    configure(account(), QINGCLOUD)
    restart()


# ---- the sandbox ---------------------------------------------------------------------------------------------

@case
def a_debugger_of_the_same_user_is_refused():
    probe = ("setpriv", "--reuid=imagecat", "--regid=imagecat", "--clear-groups", "/usr/lib/imagecat-probe", "attach")
    own = subprocess.Popen(["setpriv", "--reuid=imagecat", "--regid=imagecat", "--clear-groups", "sleep", "60"])
    try:
        until("a process of the same user", lambda: os.stat("/proc/%d" % own.pid).st_uid != 0)
        control = run(*probe, str(own.pid), expected=None)
    finally:
        own.kill()
        own.wait()
    assert run(*probe, str(pid()), expected=None) != 0, "attached"
    print("note: another process of that user %s" % ("can be attached to" if control == 0 else "is protected as well"))


@case
def nothing_gets_out_of_the_sandbox():
    """The unit as it is installed, with the probe in place of the daemon."""
    with open("/usr/lib/systemd/system/imagecatd.service") as file:
        unit = file.read()
    unit = re.sub(r"(?m)^(Type|NotifyAccess|ExecStart|ExecReload|WatchdogSec|Restart\w*|TimeoutSt\w+)=.*\n", "", unit)
    unit = unit.replace("[Service]\n", "[Service]\nType=oneshot\nExecStart=/usr/lib/imagecat-probe\n"
                        "StandardOutput=truncate:/run/probe.txt\n", 1)
    with open("/run/systemd/system/probe-sandbox.service", "w") as file:
        file.write(unit)
    run("systemctl", "daemon-reload")
    run("systemctl", "start", "probe-sandbox")
    with open("/run/probe.txt") as file:
        inside = file.read().splitlines()
    outside = run("/usr/lib/imagecat-probe").splitlines()
    escaped = [line for line in inside if not line.startswith("denied ")]
    possible = [line for line in outside if line.startswith("ESCAPED ")]
    print("figure: escape attempts denied %d of %d" % (len(inside) - len(escaped), len(inside)))
    print("figure: of these root can do %d without the sandbox, in the same container" % len(possible))
    assert len(inside) >= 20 and len(inside) == len(outside), inside
    assert not escaped, escaped
    assert len(possible) >= 20, "the attempts prove nothing: %s" % outside


@case
def the_score_is_as_published():
    text = run("systemd-analyze", "security", "--no-pager", "--threshold=12", "imagecatd")
    print("figure: exposure %s" % re.search(r"exposure level for imagecatd.service: ([\d.]+)", text)[1])


def main():
    wanted = sys.argv[1:]
    failed = 0
    for function in cases:
        if wanted and not any(part in function.__name__ for part in wanted):
            continue
        started = time.monotonic()
        try:
            function()
            good = True
        except Exception:
            good = False
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(run("journalctl", "-u", "imagecatd", "-n", "40", "--no-pager", expected=None) or "")
        print("%s %s (%.1f s)" % ("[       OK ]" if good else "[  FAILED  ]", function.__name__,
                                  time.monotonic() - started), flush=True)
    print("[==========] done, %d failed" % failed, flush=True)


if __name__ == "__main__":
    main()
