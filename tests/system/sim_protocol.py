#!/usr/bin/env python3
"""Walks every action of imagecat-sim over a real socket, signing with Python's own library.

Usage: python3 tests/system/sim_protocol.py BUILD_DIR [NAME]...
Exit status 0 when every test passed, else 1.
"""
import base64
import gzip
import hashlib
import hmac
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

UCLOUD = ("ucloudsomeone@example.com1296235120854146120", "46f09bb9fab4f12dfc160dae12273d5332b5debe")
QINGCLOUD = ("QYACCESSKEYIDEXAMPLE", "SECRETACCESSKEY")
REGIONS = ["cn-bj2", "cn-sh2", "cn-gd", "hk", "cn-wlcb"]


class Sim:
    """One running simulator."""

    def __init__(self, build, *options):
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(
            [os.path.join(build, "imagecat-sim"), "--listen", "127.0.0.1:0",
             "--ready-fd", str(write_end), *options],
            pass_fds=[write_end], stdout=subprocess.PIPE, text=True)
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            address = ready.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address
        assert self.process.stdout.readline().strip() == "listening on " + address
        self.port = int(address.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process.stdout.close()
        assert status == 0, "exit status %d" % status

    def raw(self, method, target, body=None, headers=None, timeout=90):
        """(status, headers, bytes)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def ucloud(self, action, key=UCLOUD, post=False, signature=None, **params):
        query = ucloud_query(action, params, key, signature)
        if post:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self.raw("POST", "/?Action=" + action, query, form)
        else:
            answer = self.raw("GET", "/?" + query)
        assert answer[0] == 200, answer
        return json.loads(answer[2])

    def qingcloud(self, action, key=QINGCLOUD, post=False, path="/iaas/", **params):
        query = qingcloud_query("POST" if post else "GET", path, action, params, key)
        if post:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self.raw("POST", path, query, form)
        else:
            answer = self.raw("GET", path + "?" + query)
        assert answer[0] == 200, answer
        return json.loads(answer[2])

    def control(self, method, path, **params):
        target = "/_sim/" + path + "?" + urllib.parse.urlencode(params)
        status, _, body = self.raw(method, target)
        return status, body

    def truth(self, prefix):
        status, body = self.control("GET", "truth", segment=prefix)
        assert status == 200
        return [json.loads(line) for line in body.decode().splitlines()]


def ucloud_query(action, params, key=UCLOUD, signature=None):
    params = {"Action": action, "PublicKey": key[0], **{k.replace("__", "."): str(v) for k, v in params.items()}}
    text = "".join(k + params[k] for k in sorted(params)) + key[1]
    params["Signature"] = hashlib.sha1(text.encode()).hexdigest() if signature is None else signature
    if signature == "":
        del params["Signature"]
    return urllib.parse.urlencode(params, quote_via=urllib.parse.quote)


def qingcloud_query(method, path, action, params, key=QINGCLOUD):
    params = {k.replace("__", "."): str(v) for k, v in params.items() if v is not None}
    algorithm = params.get("signature_method", "HmacSHA256")
    full = {
        "action": action, "access_key_id": key[0], "signature_method": algorithm,
        "signature_version": "1", "version": "1",
        "time_stamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **params}
    full = {k: v for k, v in full.items() if v != "-absent-"}
    query = "&".join("%s=%s" % (urllib.parse.quote(k, safe=""), urllib.parse.quote(full[k], safe="-_~"))
                     for k in sorted(full))
    digest = hashlib.sha1 if algorithm == "HmacSHA1" else hashlib.sha256
    mac = hmac.new(key[1].encode(), "\n".join([method, path, query]).encode(), digest).digest()
    return query + "&signature=" + urllib.parse.quote(base64.b64encode(mac).decode(), safe="")


def pages(ask, items, total, limit, **params):
    """Every item of a listing, asserting that the pages fit together."""
    found, offset = [], 0
    while True:
        page = ask(offset=offset, limit=limit, **params)
        got = page[items]
        assert len(got) <= min(limit, 100)
        found += got
        offset += len(got)
        if not got or offset >= page[total]:
            break
    assert len(found) == page[total], (len(found), page[total])
    return found


def ids_match(found, truth):
    assert sorted(found) == sorted(t["id"] for t in truth), (len(found), len(truth))
    assert len(set(found)) == len(found), "duplicate ids"


# ---- the tests ----

def ucloud_walks_every_region(build):
    with Sim(build, "--images", "3000") as sim:
        for region in REGIONS:
            for project, own in ((None, "org-sim1"), ("org-sim1", "org-sim1"), ("org-sim2", "org-sim2")):
                def ask(offset, limit):
                    extra = {"ProjectId": project} if project else {}
                    page = sim.ucloud("DescribeImage", Region=region, Offset=offset, Limit=limit, **extra)
                    assert int(page["RetCode"]) == 0
                    assert page["Action"] == "DescribeImageResponse"
                    return page
                found = pages(ask, "ImageSet", "TotalCount", 37)
                truth = sim.truth("uhost/%s/platform" % region) + sim.truth("uhost/%s/%s" % (region, own))
                ids_match([i["ImageId"] for i in found], truth)
                assert all(i["Zone"].startswith(region + "-") for i in found)


def ucloud_default_limit_is_20_and_cap_100(build):
    with Sim(build, "--images", "0", "--spread", "uhost/cn-bj2/platform=150") as sim:
        assert len(sim.ucloud("DescribeImage", Region="cn-bj2")["ImageSet"]) == 20
        page = sim.ucloud("DescribeImage", Region="cn-bj2", Limit=500)
        assert len(page["ImageSet"]) == 100 and page["TotalCount"] == 150
        assert sim.ucloud("DescribeImage", Region="cn-bj2", Limit=100, Offset=150)["ImageSet"] == []
        for bad in ({"Limit": "ten"}, {"Offset": "-1"}):
            assert sim.ucloud("DescribeImage", Region="cn-bj2", **bad)["RetCode"] == 230


def ucloud_filters(build):
    with Sim(build, "--images", "0", "--spread", "uhost/cn-bj2=400") as sim:
        every = pages(lambda offset, limit: sim.ucloud("DescribeImage", Region="cn-bj2", Offset=offset, Limit=limit),
                      "ImageSet", "TotalCount", 100)
        kinds = {}
        for kind in ("Base", "Business", "Custom"):
            kinds[kind] = pages(
                lambda offset, limit: sim.ucloud("DescribeImage", Region="cn-bj2", ImageType=kind, Offset=offset, Limit=limit),
                "ImageSet", "TotalCount", 30)
            assert kinds[kind] == [i for i in every if i["ImageType"] == kind] and kinds[kind]
        one = sim.ucloud("DescribeImage", Region="cn-bj2", ImageId=every[7]["ImageId"])
        assert one["ImageSet"] == [every[7]] and one["TotalCount"] == 1
        windows = sim.ucloud("DescribeImage", Region="cn-bj2", OsType="Windows", Limit=100)
        assert {i["OsType"] for i in windows["ImageSet"]} == {"Windows"}
        zone = sim.ucloud("DescribeImage", Region="cn-bj2", Zone="cn-bj2-05", Limit=100)
        assert {i["Zone"] for i in zone["ImageSet"]} == {"cn-bj2-05"}
        priced = sim.ucloud("DescribeImage", Region="cn-bj2", ImageType="Business", PriceSet=1)
        assert all(i["PriceSet"][0]["Price"] > 0 for i in priced["ImageSet"])
        assert not any("PriceSet" in i for i in every)


def ucloud_post_form_is_the_same_as_get(build):
    with Sim(build) as sim:
        get = sim.ucloud("DescribeImage", Region="hk", Limit=3)
        assert get == sim.ucloud("DescribeImage", post=True, Region="hk", Limit=3)


def ucloud_refuses(build):
    with Sim(build) as sim:
        def code(action, **params):
            answer = sim.ucloud(action, **params)
            assert set(answer) == {"RetCode", "Action", "Message"}, answer
            return answer["RetCode"]
        assert sim.ucloud("DescribeImage", key=(UCLOUD[0], "wrong"), Region="hk") == {
            "RetCode": 171, "Action": "DescribeImageResponse", "Message": "Signature VerifyAC Error"}
        assert code("DescribeImage", signature="0" * 40, Region="hk") == 171
        assert code("DescribeImage", signature="", Region="hk") == 170
        assert code("DescribeImage", key=("somebody", UCLOUD[1]), Region="hk") == 172
        assert code("DescribeNothing") == 161
        assert code("", Region="hk") == 160
        assert code("DescribeImage") == 210
        assert code("DescribeImage", Region="us-ca") == 230
        assert code("DescribeImage", Region="hk", Zone="cn-bj2-05") == 230
        assert code("DescribeImage", Region="hk", ProjectId="org-none") == 292
        assert code("DescribeCompShareCustomImages", Region="hk") == 230
        assert code("DescribeCompShareImages", Region="cn-wlcb", ImageType="None") == 230
        # A parameter that was not signed.
        query = ucloud_query("DescribeImage", {"Region": "hk"})
        assert json.loads(sim.raw("GET", "/?" + query + "&Limit=5")[2])["RetCode"] == 171
        assert sim.raw("GET", "/nowhere")[0] == 404
        assert sim.raw("PUT", "/?" + query)[0] == 405
        assert sim.raw("GET", "/?Action=%zz")[0] == 400


def uk8s_lists_and_twins(build):
    names = {"ImageSet", "PHostImageSet", "CustomImageSet", "CustomPHostImageSet", "ImageSetnew"}
    with Sim(build, "--images", "5000") as sim:
        for region in REGIONS:
            answer = sim.ucloud("DescribeUK8SImage", Region=region)
            assert "TotalCount" not in answer
            found = [i for n in names for i in answer.get(n, [])]
            ids_match([i["ImageId"] for i in found], sim.truth("uk8s/" + region))
            assert all(isinstance(i["ZoneId"], int) and isinstance(i["NotSupportGPU"], bool) for i in found)
            twins = region in ("cn-gd", "hk")
            assert ("ImageSetnew" in answer) == twins
            assert answer.get("CustomIImageSet", ["x"])[0] == ("vcSXSoOo" if twins else "x")


def compshare_lists(build):
    with Sim(build, "--images", "3000") as sim:
        def ask_for(action, **params):
            def ask(offset, limit):
                page = sim.ucloud(action, Offset=offset, Limit=limit, **params)
                assert int(page["RetCode"]) == 0, page
                return page
            return ask
        for region in ("cn-wlcb", "cn-sh2"):
            found = pages(ask_for("DescribeCompShareCustomImages", Region=region), "ImageSet", "TotalCount", 100)
            ids_match([i["CompShareImageId"] for i in found], sim.truth("custom/" + region))
        for kind in ("System", "App", "Game", "Other"):
            found = pages(ask_for("DescribeCompShareImages", Region="cn-wlcb", ImageType=kind), "ImageSet", "TotalCount", 100)
            ids_match([i["CompShareImageId"] for i in found], sim.truth("platform/" + kind))
            assert {i["ImageType"] for i in found} == {kind}
        default = sim.ucloud("DescribeCompShareImages", Region="cn-wlcb", Limit=100)
        assert {i["ImageType"] for i in default["ImageSet"]} == {"System"}
        found = pages(ask_for("DescribeCompShareSharingImages", Region="cn-wlcb"), "ImageSet", "TotalCount", 7)
        ids_match([i["CompShareImageId"] for i in found], sim.truth("shared"))


def compshare_community_groups(build):
    with Sim(build, "--images", "3000") as sim:
        def ask(offset, limit, **extra):
            return sim.ucloud("DescribeCommunityImages", Region="cn-wlcb", Offset=offset, Limit=limit,
                              ExcludeReadme="true", SortCondition__Field="PubTime", **extra)
        groups = pages(ask, "CompshareImageGroup", "TotalCount", 100)
        found = [v for g in groups for v in g["Data"]]
        ids_match([v["CompShareImageId"] for v in found], sim.truth("community"))
        assert len(found) == 630 and len(groups) < 630
        assert not any("Readme" in v for v in found)
        assert all(v["GroupId"] == g["GroupId"] for g in groups for v in g["Data"])
        oldest_first = pages(lambda **p: ask(SortCondition__ASC="true", **p), "CompshareImageGroup", "TotalCount", 100)
        assert oldest_first == groups[::-1]
        times = [int(g["Data"][0]["PubTime"]) for g in groups]
        assert times == sorted(times, reverse=True)
        page = sim.ucloud("DescribeCommunityImages", Region="cn-wlcb")
        assert page["Action"] == "DescribeCommunityImagesResponse" and page["AvailableTotalCount"]
        assert all(v["Readme"] for g in page["CompshareImageGroup"] for v in g["Data"])


def compshare_zone_through_the_gateway(build):
    with Sim(build, "--gateway-zones") as sim:
        assert sim.ucloud("DescribeCompShareCustomImages", Region="cn-wlcb")["RetCode"] == 210
        good = sim.ucloud("DescribeCompShareCustomImages", Region="cn-wlcb", Zone="cn-wlcb-01")
        assert int(good["RetCode"]) == 0


def discovery(build):
    with Sim(build, "--forbidden-region") as sim:
        rows = sim.ucloud("GetRegion")["Regions"]
        assert {r["Region"] for r in rows} == set(REGIONS) | {"us-ca"}
        assert len({r["Zone"] for r in rows}) == len(rows) > len(REGIONS)
        assert sim.ucloud("DescribeImage", Region="us-ca")["RetCode"] == 230
        projects = sim.ucloud("GetProjectList")
        assert projects["ProjectCount"] == len(projects["ProjectSet"]) == 2
        zones = sim.ucloud("DescribeCompShareSupportZone", Region="cn-wlcb")["ZoneInfo"]
        assert {z["Region"] for z in zones} == {"cn-wlcb", "cn-sh2"}
        assert {z["zone_id"] for z in sim.qingcloud("DescribeZones")["zone_set"]} == {"pek3", "sh1", "gd2", "ap2a"}
    with Sim(build) as sim:
        assert "us-ca" not in {r["Region"] for r in sim.ucloud("GetRegion")["Regions"]}


def qingcloud_walks_every_zone(build):
    with Sim(build, "--images", "4000") as sim:
        system = None
        for zone in ("pek3", "sh1", "gd2", "ap2a"):
            for provider in ("system", "self", "shared"):
                def ask(offset, limit):
                    page = sim.qingcloud("DescribeImages", zone=zone, provider=provider, offset=offset, limit=limit)
                    assert page["ret_code"] == 0 and page["action"] == "DescribeImagesResponse"
                    return page
                found = pages(ask, "image_set", "total_count", 100)
                segment = "images/system" if provider == "system" else "images/%s/%s" % (zone, provider)
                ids_match([i["image_id"] for i in found], sim.truth(segment))
                assert all("CANARY" in i["default_passwd"] for i in found)
                if provider == "system":
                    assert system in (None, found), "system images repeat in each zone"
                    system = found
        own = sim.qingcloud("DescribeImages", zone="pek3")
        assert {i["provider"] for i in own["image_set"]} == {"self"} and len(own["image_set"]) == 20
        assert len(sim.qingcloud("DescribeImages", zone="pek3", provider="system", limit=1000)["image_set"]) == 100
        some = sim.qingcloud("DescribeImages", zone="pek3", provider="system", status__1="deprecated", status__2="ceased")
        assert {i["status"] for i in some["image_set"]} <= {"deprecated", "ceased"} and some["total_count"]


def qingcloud_accepts_both_digests_paths_and_methods(build):
    with Sim(build) as sim:
        for extra in ({}, {"signature_method": "HmacSHA1"}, {"path": "/iaas"}, {"post": True}, {"version": "-absent-"}):
            assert sim.qingcloud("DescribeImages", zone="pek3", limit=2, **extra)["ret_code"] == 0, extra


def qingcloud_refuses(build):
    def stamp(shift):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + shift))
    with Sim(build) as sim:
        def code(**params):
            answer = sim.qingcloud(params.pop("action", "DescribeImages"), **params)
            assert set(answer) == {"message", "ret_code"}, answer
            return answer["ret_code"]
        assert sim.qingcloud("DescribeImages", key=(QINGCLOUD[0], "wrong"), zone="pek3") == {
            "message": "AuthFailure, signature not matched", "ret_code": 1200}
        assert code(key=("nobody", QINGCLOUD[1]), zone="pek3") == 1200
        assert code(zone="pek3", time_stamp=stamp(-120)) == 1300
        assert code(zone="pek3", time_stamp=stamp(120)) == 1300
        assert sim.qingcloud("DescribeImages", zone="pek3", time_stamp=stamp(-30))["ret_code"] == 0
        assert code(zone="pek3", time_stamp="yesterday") == 1100
        assert code() == 1100
        assert code(zone="pek3", signature_method="MD5") == 1100
        assert code(zone="pek3", access_key_id="-absent-") == 1100
        assert code(zone="pek3", provider="nobody") == 1100
        assert code(zone="pek3", limit="many") == 1100
        assert code(action="RunInstances", zone="pek3") == 1100
        assert sim.qingcloud("DescribeImages", zone="moon1") == {"message": None, "ret_code": 1400}
        query = qingcloud_query("GET", "/iaas/", "DescribeImages", {"zone": "pek3"})
        assert json.loads(sim.raw("GET", "/iaas?" + query)[2])["ret_code"] == 1200, "the path is signed"
    with Sim(build, "--clock-skew", "300") as sim:
        assert sim.qingcloud("DescribeImages", zone="pek3")["ret_code"] == 1300


def the_same_seed_gives_the_same_bytes(build):
    def dump(*options):
        with Sim(build, "--images", "1500", *options) as sim:
            return [
                sim.raw("GET", "/?" + ucloud_query("DescribeImage", {"Region": "hk", "Limit": "100"}))[2],
                sim.raw("GET", "/?" + ucloud_query("DescribeCommunityImages", {"Region": "cn-wlcb", "Limit": "100"}))[2],
                json.dumps(sim.qingcloud("DescribeImages", zone="pek3", provider="system", limit=100)),
                sim.truth(""),
            ]
    first = dump("--seed", "7")
    assert first == dump("--seed", "7")
    second = dump("--seed", "8")
    assert all(a != b for a, b in zip(first, second))


def sizes_are_exact(build):
    for images in (0, 1, 999, 20000):
        with Sim(build, "--images", str(images)) as sim:
            assert json.loads(sim.control("GET", "health")[1])["images"] == images
            assert len(sim.truth("")) == images
    with Sim(build, "--images", "100", "--spread", "community=777", "--spread", "uhost/hk=55") as sim:
        assert len(sim.truth("community")) == 777
        assert len(sim.truth("uhost/hk/")) == 55


def quirks_are_there(build):
    """What PROVIDERS.md tells of real answers is met somewhere in a catalog of ordinary size."""
    with Sim(build, "--images", "6000") as sim:
        codes, uhost, community = set(), [], []
        for region in REGIONS:
            for offset in range(0, 400, 100):
                page = sim.ucloud("DescribeImage", Region=region, Offset=offset, Limit=100)
                codes.add(repr(page["RetCode"]))
                uhost += page["ImageSet"]
        for offset in range(0, 700, 100):
            page = sim.ucloud("DescribeCommunityImages", Region="cn-wlcb", Offset=offset, Limit=100)
            community += [v for g in page["CompshareImageGroup"] for v in g["Data"]]
        qing = pages(lambda **p: sim.qingcloud("DescribeImages", zone="pek3", provider="system", **p),
                     "image_set", "total_count", 100)
    assert codes == {"0", "'0'"}, codes
    features = {f for i in uhost for f in i["Features"]}
    assert {"NetEnhnced", "NetEnhanced", "Aarch64_Type", "Vgpu_NVIDIA"} <= features
    assert {"Liunx", "docky", "CentOS"} <= {i["OsType"] for i in uhost}
    assert any(i["ImageName"].startswith(" ") for i in uhost)
    assert any("ActualSize" in i for i in uhost) and any("高内核" in i["OsName"] for i in uhost)
    assert any(i["MaintainEol"] for i in uhost) and any(i["DataSnapshotIds"] for i in uhost if "DataSnapshotIds" in i)
    assert {"Available", "Making", "Unavailable", "Copying"} == {i["State"] for i in uhost}
    assert {"True", "False", "true", True, False} <= {i["Container"] for i in community}
    assert any(i["Softwares"] is None for i in community)
    assert any("，" in t for i in community for t in i["Tags"]) and any("," in t for i in community for t in i["Tags"])
    assert any(len(set(i["SupportedGpuTypes"])) < len(i["SupportedGpuTypes"]) for i in community)
    assert {int, str} == {type(i["PubTime"]) for i in community}
    assert any(i["FailedReason"] for i in community)
    assert any("<script>" in i["Name"] for i in community)
    assert any(i["description"] is None for i in qing)
    assert {"deprecated", "ceased"} <= {i["status"] for i in qing}


def churn_adds_changes_and_removes(build):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        with Sim(build, "--images", "500", "--log", log) as sim:
            before = {t["id"]: t for t in sim.truth("")}
            assert sim.control("POST", "churn", changes=200)[0] == 200
            after = {t["id"]: t for t in sim.truth("")}
        assert before.keys() - after.keys(), "removed"
        assert after.keys() - before.keys(), "added"
        common = before.keys() & after.keys()
        for member in ("state", "revision", "uses"):
            assert any(before[i][member] != after[i][member] for i in common), member
        # The log alone gives the same truth.
        replayed = {}
        with open(log, encoding="utf-8") as lines:
            numbers = []
            for line in lines:
                event = json.loads(line)
                numbers.append(event["seq"])
                if event["event"] == "removed":
                    del replayed[event["id"]]
                elif event["event"] in ("listed", "added", "changed"):
                    replayed[event["id"]] = {k: event[k] for k in ("segment", "id", "state", "revision", "uses")}
        assert replayed == after
        assert numbers == list(range(1, len(numbers) + 1))


def churn_every_happens_between_pages(build):
    with Sim(build, "--images", "0", "--spread", "uhost/hk/platform=300", "--churn-every", "1", "--churn-size", "3") as sim:
        before = sim.truth("uhost/hk")
        sim.ucloud("DescribeImage", Region="hk", Limit=100)
        assert sim.truth("uhost/hk") != before


def control_changes_what_is_asked(build):
    with Sim(build, "--images", "500") as sim:
        segment = "images/pek3/self"
        images = sim.truth(segment)
        one = images[3]["id"]
        assert sim.control("POST", "change", segment=segment, id=one, state="ceased")[0] == 200
        assert sim.control("POST", "change", segment=segment, id=one, what="text")[0] == 200
        shown = sim.qingcloud("DescribeImages", zone="pek3", images__1=one)["image_set"][0]
        assert shown["status"] == "ceased" and "rev 1" in shown["description"]
        assert sim.control("POST", "remove", segment=segment, id=one)[0] == 200
        assert sim.qingcloud("DescribeImages", zone="pek3", images__1=one)["total_count"] == 0
        assert sim.control("POST", "add", segment=segment, count=4)[0] == 200
        assert len(sim.truth(segment)) == len(images) + 3
        assert sim.control("POST", "remove", segment=segment, count=5)[0] == 200
        assert len(sim.truth(segment)) == len(images) - 2
        for path, params in (("remove", {"segment": "none"}), ("remove", {"segment": segment, "id": "none"}),
                             ("change", {"segment": segment, "state": "none"}), ("churn", {"changes": "x"}),
                             ("fail", {"rule": "none=1"})):
            assert sim.control("POST", path, **params)[0] == 400, path
        assert sim.control("GET", "churn")[0] == 405 and sim.control("GET", "none")[0] == 404


def faults_of_status(build):
    rows = {"http403": 403, "http404": 404, "http429": 429, "http500": 500, "http502": 502, "http503": 503,
            "http204": 204, "redirect": 302, "html": 200, "empty": 200}
    with Sim(build) as sim:
        for kind, status in rows.items():
            assert sim.control("POST", "fail", clear=1, rule=kind + "=1")[0] == 200
            got, headers, body = sim.raw("GET", "/?" + ucloud_query("GetRegion", {}))
            assert got == status, kind
            assert ("Retry-After" in headers) == (kind in ("http429", "http503")), kind
            assert not body.startswith(b"{"), kind


def faults_of_the_provider(build):
    rows = {"retcode150": (150, 5100), "retcode130": (130, 5000), "throttle": (153, 2500), "auth": (171, 1200),
            "expired": (174, 1300), "permission": (299, 1400), "unknowncode": (99999, 9999), "longmessage": (150, 5100)}
    with Sim(build) as sim:
        for kind, (ucloud, qingcloud) in rows.items():
            sim.control("POST", "fail", clear=1, rule=kind + "=1")
            assert sim.ucloud("GetRegion")["RetCode"] == ucloud, kind
            assert sim.qingcloud("DescribeZones")["ret_code"] == qingcloud, kind


def faults_of_the_listing(build):
    with Sim(build, "--images", "0", "--spread", "uhost/hk/platform=250") as sim:
        def ask(rule, **params):
            assert sim.control("POST", "fail", clear=1, rule=rule + "=1")[0] == 200
            return sim.ucloud("DescribeImage", Region="hk", Limit=100, **params)
        sim.control("POST", "fail", clear=1)
        plain = sim.ucloud("DescribeImage", Region="hk", Limit=100)
        second = sim.ucloud("DescribeImage", Region="hk", Limit=100, Offset=100)
        assert ask("badtotal")["TotalCount"] == 257 and ask("lowtotal")["TotalCount"] == 125
        assert "TotalCount" not in ask("nototal")
        assert len(ask("clamp")["ImageSet"]) == 20
        assert ask("repeat", Offset=100)["ImageSet"] == plain["ImageSet"]
        assert ask("short", Offset=100)["ImageSet"] == second["ImageSet"][:50]
        assert ask("hole", Offset=100)["ImageSet"] == [] and ask("hole", Offset=200)["ImageSet"]
        empty = ask("emptyset")
        assert empty["TotalCount"] == 0 and empty["ImageSet"] == []
        assert ask("nullset")["ImageSet"] is None and "ImageSet" not in ask("noset")
        twice = ask("dupitem")["ImageSet"]
        assert twice[0]["ImageId"] == twice[1]["ImageId"] and twice[0] != twice[1]
        assert 42 in ask("poison")["ImageSet"]
        assert {i["State"] for i in ask("drift")["ImageSet"]} == {"Frozen"}
        assert ask("wrongzone")["ImageSet"][0]["Zone"] == "us-ca-01"
        shuffled = [ask("shuffle")["ImageSet"][0]["ImageId"] for _ in range(4)]
        assert len(set(shuffled)) > 1


def faults_of_the_bytes(build):
    target = "/?" + ucloud_query("DescribeImage", {"Region": "hk", "Limit": "50"})
    with Sim(build, "--images", "5000") as sim:
        good = sim.raw("GET", target)[2]

        def ask(rule, **more):
            assert sim.control("POST", "fail", clear=1, rule=rule + "=1")[0] == 200
            return sim.raw("GET", target, **more)

        def breaks(rule, kind, *errors):
            try:
                kind(ask(rule)[2])
            except errors:
                return
            raise AssertionError(rule + " did no harm")
        breaks("cut", bytes, http.client.IncompleteRead)
        breaks("truncate", json.loads, ValueError)
        breaks("trailing", json.loads, ValueError)
        breaks("badutf8", lambda b: b.decode(), UnicodeDecodeError)
        breaks("deep", json.loads, RecursionError, ValueError)
        breaks("reset", bytes, ConnectionResetError)
        breaks("close", bytes, http.client.RemoteDisconnected)
        assert ask("garbled")[2] != good
        twice = []
        json.loads(ask("dupkey")[2], object_pairs_hook=twice.append)
        assert [k for k, _ in twice[-1]].count("RetCode") > 1
        status, headers, body = ask("texttype")
        assert body == good and headers["Content-Type"] == "text/plain"
        assert ask("slow")[2] == good
        body = ask("hugebody")[2]
        assert len(body) == 64 << 20 and not body.strip()
        status, headers, body = ask("gzipbomb")
        assert headers["Content-Encoding"] == "gzip"
        stream = gzip.GzipFile(fileobj=io.BytesIO(body))
        assert len(body) < 2 << 20 and not stream.read(100 << 20).strip(b"\0")
        sim.control("POST", "fail", clear=1, rule="hang=1")
        try:
            sim.raw("GET", target, timeout=1)
            raise AssertionError("hang answered")
        except (TimeoutError, socket.timeout):
            pass
        sim.control("POST", "fail", clear=1)
        assert sim.raw("GET", target)[2] == good, "and well again"


def a_fault_of_one_request_or_action(build):
    with Sim(build, "--fail", "http500=#2", "--fail", "throttle=1@GetProjectList") as sim:
        query = "/?" + ucloud_query("GetRegion", {})
        assert [sim.raw("GET", query)[0] for _ in range(3)] == [200, 500, 200]
        assert sim.ucloud("GetProjectList")["RetCode"] == 153
        assert json.loads(sim.control("GET", "health")[1])["faults"] == {"http500": 1, "throttle": 1}


def gzip_is_valid(build):
    with Sim(build, "--images", "20000", "--gzip") as sim:
        target = "/?" + ucloud_query("DescribeCommunityImages", {"Region": "cn-wlcb", "Limit": "100"})
        plain = sim.raw("GET", target)
        packed = sim.raw("GET", target, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in plain[1] and packed[1]["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed[2]) == plain[2] and len(plain[2]) > 65536


def latency_delays_and_overlaps(build):
    with Sim(build, "--latency", "300ms") as sim:
        started = time.monotonic()
        connections = []
        for _ in range(10):
            connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=90)
            connection.request("GET", "/?" + ucloud_query("GetRegion", {}))
            connections.append(connection)
        for connection in connections:
            assert connection.getresponse().read()
            connection.close()
        assert time.monotonic() - started >= 0.3
        # One that leaves before its answer does no harm, nor does one that waits at the end.
        leaver = socket.create_connection(("127.0.0.1", sim.port))
        leaver.sendall(("GET /?%s HTTP/1.1\r\nHost: x\r\n\r\n" % ucloud_query("GetRegion", {})).encode())
        leaver.close()
        waiter = socket.create_connection(("127.0.0.1", sim.port))
        waiter.sendall(("GET /?%s HTTP/1.1\r\nHost: x\r\n\r\n" % ucloud_query("GetRegion", {})).encode())
        assert int(sim.ucloud("GetRegion")["RetCode"]) == 0
        sim.stop()
        waiter.close()


def the_log_tells_of_requests(build):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        with Sim(build, "--log", log, "--fail", "cut=#3") as sim:
            sim.ucloud("DescribeImage", Region="hk", Limit=7, Offset=3)
            sim.qingcloud("DescribeImages", zone="pek3", provider="system")
            try:
                sim.ucloud("DescribeImage", Region="hk")
            except http.client.IncompleteRead:
                pass
            sim.ucloud("DescribeImage", key=(UCLOUD[0], "x"), Region="hk")
        with open(log, encoding="utf-8") as lines:
            events = [json.loads(line) for line in lines]
        assert events[0]["event"] == "start" and events[0]["images"] == 2000
        requests = [e for e in events if e["event"] == "request"]
        assert [(r["action"], r["scope"], r["offset"], r["items"], r["code"], r["faults"]) for r in requests] == [
            ("DescribeImage", "uhost/hk/org-sim1", 3, 7, 0, ""),
            ("DescribeImages", "images/pek3/system", 0, 20, 0, ""),
            ("DescribeImage", "uhost/hk/org-sim1", 0, 20, 0, "cut"),
            ("DescribeImage", "", 0, -1, 171, "")]


def the_command_line(build):
    program = os.path.join(build, "imagecat-sim")

    def run(*options):
        done = subprocess.run([program, *options], capture_output=True, text=True, timeout=90)
        return done.returncode, done.stdout, done.stderr
    status, out, _ = run("--help")
    assert status == 0 and UCLOUD[1] in out and QINGCLOUD[1] in out and "gzipbomb" in out and "--spread" in out
    assert run("--version")[0] == 0
    for bad in (["--images", "x"], ["--none"], ["--fail", "none=1"], ["--fail", "cut=2"], ["--churn", "5"],
                ["--spread", "none=3"], ["--listen", "nowhere"], ["--seed"], ["more"], ["--log", "/nonexistent/x"]):
        status, out, err = run(*bad)
        assert status in (1, 2) and err.startswith("imagecat-sim: ") and not out, bad
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        process = subprocess.Popen([program, "--listen", "unix:" + path], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "listening on unix:%s\n" % path
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        client.sendall(b"GET /_sim/health HTTP/1.0\r\n\r\n")
        assert b'"status":"ok"' in client.makefile("rb").read()
        client.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0 and not os.path.exists(path)
        process.stdout.close()


TESTS = [
    ucloud_walks_every_region, ucloud_default_limit_is_20_and_cap_100, ucloud_filters,
    ucloud_post_form_is_the_same_as_get, ucloud_refuses, uk8s_lists_and_twins, compshare_lists,
    compshare_community_groups, compshare_zone_through_the_gateway, discovery, qingcloud_walks_every_zone,
    qingcloud_accepts_both_digests_paths_and_methods, qingcloud_refuses, the_same_seed_gives_the_same_bytes,
    sizes_are_exact, quirks_are_there, churn_adds_changes_and_removes, churn_every_happens_between_pages,
    control_changes_what_is_asked, faults_of_status, faults_of_the_provider, faults_of_the_listing,
    faults_of_the_bytes, a_fault_of_one_request_or_action, gzip_is_valid, latency_delays_and_overlaps,
    the_log_tells_of_requests, the_command_line,
]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    failed = 0
    for test in TESTS:
        if len(sys.argv) > 2 and test.__name__ not in sys.argv[2:]:
            continue
        print("[ RUN      ]", test.__name__, flush=True)
        try:
            test(sys.argv[1])
            print("[       OK ]", test.__name__, flush=True)
        except Exception:  # a failed test must not end the others
            traceback.print_exc(file=sys.stdout)
            print("[  FAILED  ]", test.__name__, flush=True)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
