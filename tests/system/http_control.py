#!/usr/bin/env python3
"""Commands over HTTP, and who may give them: release, poll, reload, health; the commands of imagecat that ask.

Usage: python3 tests/system/http_control.py BUILD_DIR [NAME]...
"""
import os
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from daemon import polls, until  # noqa: E402
from harness import Run, case, equal, has, main, row_case  # noqa: E402
from patience import PATIENCE  # noqa: E402
from web import TOKEN, Web  # noqa: E402


def world(place, count=5, interval="1h", listen="127.0.0.1:0", account=None, **more):
    """One listing whose polls begin only when they are asked for."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(count)])
    web = Web(place, [place.account("ucloud", cloud.url(), name="prod", services=["uhost"], interval=interval,
                                    **(account or {}))], listen=listen, **more)
    until(web.run, lambda: polls(place, "prod") == 1)
    return cloud, web


def imagecat(place, *arguments, env=None):
    run = Run(place, arguments, program="imagecat", env=env)
    place.runs.append(run)
    run.wait()
    return run


def asked(web, target):
    """How many listings it is about; the last poll of one may be about to end."""
    reply = web.command(target)
    equal(reply.status, 202, repr(reply.body))
    return reply.json["due"] + reply.json["running"]


def outcomes(place):
    return [row["outcome"] for row in place.rows("SELECT outcome FROM polls ORDER BY poll_id")]


# ---- poll --------------------------------------------------------------------------------------------------------

@case
def poll_now(place):
    cloud, web = world(place)
    number = place.listing("prod")["listing_id"]
    for step, target in enumerate(("/-/poll", "/-/poll?listing=%d" % number, "/-/poll?listing=prod+uhost+cn-bj2")):
        equal(asked(web, target), 1, target)
        until(web.run, lambda: polls(place, "prod") == step + 2)
    reply = web.command("/-/poll", body="listing=prod%20uhost%20cn-bj2")
    equal(reply.status, 202)
    until(web.run, lambda: polls(place, "prod") == 5)
    web.stop()


@case
def poll_of_one_leaves_the_other(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(5)])
    web = Web(place, [place.account("ucloud", cloud.url(), name=name, services=["uhost"], interval="1h")
                      for name in ("one", "two")])
    until(web.run, lambda: polls(place, "one") and polls(place, "two"))
    equal(asked(web, "/-/poll?listing=two+uhost+cn-bj2"), 1)
    until(web.run, lambda: polls(place, "two") == 2)
    equal(polls(place, "one"), 1)
    equal(asked(web, "/-/poll"), 2)
    until(web.run, lambda: polls(place, "one") == 2 and polls(place, "two") == 3)
    web.stop()


@case
def a_poll_that_runs_is_left_alone(place):
    """What was asked for meanwhile follows it, once: it had begun before."""
    cloud, web = world(place)
    cloud.always("DescribeImage", clouds.Answer(how="silence"))
    equal(asked(web, "/-/poll"), 1)
    until(web.run, lambda: len(cloud.asked()) > 2)
    for _ in range(3):
        equal(web.command("/-/poll").json, {"due": 0, "running": 1})
    web.stop()
    equal(outcomes(place), ["complete", "aborted"])


@case
def asked_for_while_it_runs(place):
    cloud, web = world(place, account={"timeout": "2m"})
    answered = threading.Event()

    def late(request, usual):
        assert answered.wait(PATIENCE)
        return usual()
    cloud.script("DescribeImage", late)
    before = len(cloud.asked())
    equal(asked(web, "/-/poll"), 1)
    until(web.run, lambda: len(cloud.asked()) > before)
    for _ in range(3):
        equal(web.command("/-/poll").json, {"due": 0, "running": 1})
    answered.set()  # the poll that waits ends, and then another one follows it
    until(web.run, lambda: polls(place, "prod") == 3)
    equal(web.command("/-/reload").status, 200)
    equal(outcomes(place), ["complete"] * 3)
    web.stop()


@row_case([("number", "/-/poll?listing=77"), ("name", "/-/poll?listing=prod+uhost+cn-bj3"),
           ("release_number", "/-/release?listing=77"), ("release_name", "/-/release?listing=nobody")], "no_such_listing")
def no_such_listing(place, target):
    _, web = world(place)
    web.command(target).problem(404)
    equal(len(outcomes(place)), 1)
    web.stop()


# ---- release -----------------------------------------------------------------------------------------------------

def held(place):
    """A drop of 95 of 100 images, held."""
    cloud, web = world(place, count=100, removal={"hold": "30d"})
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(5)])
    web.command("/-/poll")
    until(web.run, lambda: polls(place, "prod", "suspect") == 1)
    return cloud, web


def kinds(place):
    return [row["kind"] for row in place.rows("SELECT kind FROM changes WHERE kind IN ('held', 'released') ORDER BY seq")]


@case
def a_held_drop_is_released(place):
    _, web = held(place)
    equal(kinds(place), ["held"])
    run = imagecat(place, "release", "--config", place.config_path, "--http", web.address, "prod", "uhost", "cn-bj2")
    equal((run.status, run.err), (0, ""), run.err)
    equal(run.out, "prod uhost cn-bj2: released, the next complete poll is believed\n")
    equal(kinds(place), ["held"], "nothing happens before the next poll")
    run = imagecat(place, "poll", "--token-file", web.token_file, "--http", web.address)
    equal(run.status, 0, run.err)
    has(run.out, "1 ")
    until(web.run, lambda: polls(place, "prod") == 2)
    equal(kinds(place), ["held", "released"])
    equal(place.last_poll("prod")["missing"], 95)
    web.command("/-/poll")
    until(web.run, lambda: polls(place, "prod") == 3)
    equal((place.last_poll("prod")["removed"], place.listing("prod")["images_present"]), (95, 5))
    web.stop()


@case
def without_a_release_it_stays_held(place):
    _, web = held(place)
    web.command("/-/poll")
    until(web.run, lambda: polls(place, "prod", "suspect") == 2)
    equal(place.listing("prod")["images_present"], 100)
    web.stop()


@case
def nothing_to_release(place):
    _, web = world(place)
    has(web.command("/-/release?listing=prod+uhost+cn-bj2").problem(409)["detail"], "held")
    web.command("/-/release").problem(400)
    run = imagecat(place, "release", "--config", place.config_path, "--http", web.address, "prod uhost cn-bj2")
    equal(run.status, 1)
    has(run.err, "held")
    web.stop()


# ---- reload ------------------------------------------------------------------------------------------------------

@case
def reload(place):
    _, web = world(place)
    web.accounts[0]["interval"] = "2h"
    web.write()
    reply = web.command("/-/reload")
    equal((reply.status, reply.json), (200, {"reloaded": True}))
    equal(place.listing("prod")["interval_s"], 7200)
    place.write_config("accounts: [{name: prod}]\n")
    web.command("/-/reload").problem(409)
    equal(place.listing("prod")["interval_s"], 7200)
    web.stop()


@case
def a_changed_token_counts_at_once(place):
    _, web = world(place)
    place.key_file("token", "another\n")
    web.command("/-/poll").problem(401)
    equal(web.command("/-/poll", token="another").status, 202)
    web.more["http"]["token_file"] = place.key_file("token2", "a third one\n")
    web.write()
    equal(web.command("/-/reload", token="another").status, 200)
    web.command("/-/poll", token="another").problem(401)
    equal(web.command("/-/poll", token="a third one").status, 202)
    del web.more["http"]["token_file"]
    web.write()
    equal(web.command("/-/reload", token="a third one").status, 200)
    web.command("/-/poll", token="a third one").problem(404)
    web.stop()


# ---- the token ---------------------------------------------------------------------------------------------------

COMMANDS = ("/-/poll", "/-/release?listing=1", "/-/reload")


@case
def without_the_token_nothing_happens(place):
    _, web = world(place)
    for target in COMMANDS:
        for token in (None, "", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
            reply = web.command(target, token=token)
            reply.problem(401)
            equal(reply.headers["WWW-Authenticate"], "Bearer")
    web.ask("POST", "/-/poll", Authorization="Basic " + TOKEN).problem(401)
    web.ask("POST", "/-/poll?token=" + TOKEN).problem(401)
    equal(len(outcomes(place)), 1)
    web.stop()


@case
def without_a_token_file_there_are_no_commands(place):
    _, web = world(place, token=False)
    nowhere = web.ask("POST", "/nowhere").body
    for target in COMMANDS:
        reply = web.command(target)
        reply.problem(404)
        equal(reply.body, nowhere)
        web.get(target).problem(404)
    run = imagecat(place, "poll", "--config", place.config_path)
    equal(run.status, 1)
    has(run.err, "http.token_file")
    web.stop()


@case
def a_token_file_that_is_gone(place):
    _, web = world(place)
    os.unlink(web.token_file)
    web.command("/-/poll").problem(503)
    web.stop()


# ---- imagecat ----------------------------------------------------------------------------------------------------

@case
def imagecat_finds_the_daemon(place):
    """On a unix socket, by the configuration, by the environment."""
    path = os.path.join(place.path, "http.sock")
    _, web = world(place, listen="unix:" + path)
    equal(os.stat(path).st_mode & 0o777, 0o660)
    for step, (arguments, env) in enumerate((
            (("--config", place.config_path), {}),
            (("--http", "unix:" + path, "--token-file", web.token_file), {}),
            (("--token-file", web.token_file), {"IMAGECAT_HTTP": "unix:" + path}))):
        run = imagecat(place, "poll", *arguments, "prod", "uhost", "cn-bj2", env=env)
        equal(run.status, 0, run.err)
        has(run.out, "1 ")
        until(web.run, lambda: polls(place, "prod") == step + 2)
    run = imagecat(place, "poll", "--config", place.config_path, "nobody")
    equal((run.status, run.out), (5, ""))
    has(run.err, "no such listing")
    wrong = place.key_file("wrong", "wrong\n")
    run = imagecat(place, "poll", "--config", place.config_path, "--token-file", wrong)
    equal(run.status, 1)
    has(run.err, "refused the token of '%s'" % wrong)
    web.stop()
    assert not os.path.exists(path)
    run = imagecat(place, "poll", "--config", place.config_path)
    equal(run.status, 1)
    has(run.err, "does not answer at unix:" + path)
    for arguments in (("release",), ("poll", "--nonsense")):
        equal(imagecat(place, *arguments).status, 2)


# ---- health ------------------------------------------------------------------------------------------------------

@case
def health(place):
    _, web = world(place)
    for target in ("/livez", "/readyz", "/healthz"):
        reply = web.get(target)
        equal((reply.status, reply.body, reply.headers["Content-Type"]), (200, b"ok\n", "text/plain; charset=utf-8"))
        equal(web.ask("HEAD", target).status, 200)
    has(web.get("/readyz?verbose").body.decode(), "[+] catalog can be read\n[+] catalog can be written\nok\n")
    web.get("/readyz?verbos").problem(400)
    web.stop()


# ---- listening ---------------------------------------------------------------------------------------------------

@case
def an_address_that_is_taken(place):
    listener = socket.create_server(("127.0.0.1", 0))
    place.stack.callback(listener.close)
    address = "127.0.0.1:%d" % listener.getsockname()[1]
    cloud = place.cloud()
    place.configure([place.account("ucloud", cloud.url())], http={"listen": address})
    run = place.start()
    equal(run.wait(), 1)
    has(run.err, "cannot listen on %s" % address)
    equal(cloud.asked(), [])


@case
def once_opens_no_http(place):
    listener = socket.create_server(("127.0.0.1", 0))
    place.stack.callback(listener.close)
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    place.configure([place.account("ucloud", cloud.url(), services=["uhost"])],
                    http={"listen": "127.0.0.1:%d" % listener.getsockname()[1]})
    run = place.once(0)
    assert not run.line("HTTP is served")


@case
def beyond_this_machine_is_told(place):
    _, web = world(place, listen="0.0.0.0:0")
    has(web.run.line("HTTP is served beyond this machine")[0], "listen on 127.0.0.1")
    equal(web.get("/api/v1/images").status, 200)  # on purpose: reading needs no token
    equal(web.command("/-/poll", token=None).status, 401)
    web.stop()
    for token in (True, False):
        local = Web(place, web.accounts, token=token)
        equal(local.run.line("beyond this machine"), [])
        local.stop()


if __name__ == "__main__":
    main()
