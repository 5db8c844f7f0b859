"""Reads the simulator's clouds with Python alone: what the catalog is compared with."""
import http.client
import json
import os
import subprocess
import time
import urllib.parse

import cloud as clouds
from patience import PATIENCE

ACTIONS = {"uhost": "DescribeImage", "uk8s": "DescribeUK8SImage", "custom": "DescribeCompShareCustomImages",
           "platform": "DescribeCompShareImages", "community": "DescribeCommunityImages",
           "shared": "DescribeCompShareSharingImages", "images": "DescribeImages"}
UK8S_ARRAYS = ("ImageSet", "PHostImageSet", "CustomImageSet", "CustomPHostImageSet", "ImageSetnew", "CustomIImageSet",
               "PHostCustomIImageSet")


class Sim:
    """A running imagecat-sim. Use it in a `with`."""

    def __init__(self, build, *options):
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen([os.path.join(build, "imagecat-sim"), "--listen", "127.0.0.1:0", "--ready-fd",
                                         str(write_end), *options], pass_fds=[write_end], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            self.address = ready.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.address
        self.port = int(self.address.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def url(self, path="/"):
        return self.address + path

    def raw(self, method, target, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, target, body=body)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def control(self, path, **params):
        status, body = self.raw("POST", "/_sim/%s?%s" % (path, urllib.parse.urlencode(params)))
        assert status == 200, body

    def ucloud(self, action, params):
        params = {"Action": action, "PublicKey": clouds.UCLOUD_ID, **{k: v for k, v in params.items() if v}}
        params["Signature"] = clouds.ucloud_signature(params, clouds.UCLOUD_SECRET)
        status, body = self.raw("POST", "/", urllib.parse.urlencode(params))
        answer = json.loads(body)
        assert status == 200 and answer["RetCode"] in (0, "0"), body[:500]
        return answer

    def qingcloud(self, action, params):
        params = {"action": action, "access_key_id": clouds.QINGCLOUD_ID, "signature_method": "HmacSHA256",
                  "signature_version": "1", "version": "1",
                  "time_stamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **params}
        params["signature"] = clouds.qingcloud_signature("GET", "/iaas/", params, clouds.QINGCLOUD_SECRET)
        status, body = self.raw("GET", "/iaas/?" + urllib.parse.urlencode(params, quote_via=urllib.parse.quote))
        answer = json.loads(body)
        assert status == 200 and answer["ret_code"] in (0, "0"), body[:500]
        return answer

    def items(self, listing):
        """Every item of a listing (a row of the view), as dictionaries."""
        if listing["service"] == "uk8s":
            answer = self.ucloud(ACTIONS["uk8s"], {"Region": listing["region"], "ProjectId": listing["project"],
                                                   "Zone": listing["zone"]})
            return [item for name in UK8S_ARRAYS for item in answer.get(name) or [] if isinstance(item, dict)]
        found, offset = [], 0
        while True:
            part, count = self._page(listing, offset)
            if not part:
                return found
            found += part
            offset += count

    def _page(self, listing, offset):
        """The images of a page, and how many items of the total it counts for."""
        if listing["provider"] == "qingcloud":
            answer = self.qingcloud("DescribeImages", {"zone": listing["zone"], "provider": listing["variant"],
                                                       "verbose": "0", "offset": str(offset), "limit": "100"})
            return answer["image_set"], len(answer["image_set"])
        params = {"Region": listing["region"], "Zone": listing["zone"], "ProjectId": listing["project"],
                  "Offset": str(offset), "Limit": "100"}
        if listing["service"] == "platform":
            params["ImageType"] = listing["variant"]
        if listing["service"] == "uhost":
            params["PriceSet"] = "1"
        if listing["service"] == "community":
            params.update({"ExcludeReadme": "true", "SortCondition.Field": "PubTime", "SortCondition.ASC": "true"})
        answer = self.ucloud(ACTIONS[listing["service"]], params)
        groups = answer.get("CompshareImageGroup")
        if groups is not None:
            return [with_group(image, group) for group in groups for image in group.get("Data") or []], len(groups)
        return answer.get("ImageSet") or [], len(answer.get("ImageSet") or [])


def with_group(image, group):
    """A group's own fields are kept beside each of its images."""
    return {**image, "CompshareImageGroup": {k: v for k, v in group.items() if k != "Data"}}


def key_of(item):
    """What tells items of one listing apart."""
    image_id = next(item[key] for key in clouds.ID_KEYS if item.get(key))
    return "%s/%s" % (item["ZoneId"], image_id) if "ZoneId" in item else image_id


def without_secrets(item):
    if isinstance(item, dict):
        return {k: without_secrets(v) for k, v in item.items() if "passwd" not in k.lower()}
    return [without_secrets(v) for v in item] if isinstance(item, list) else item


def keyed(items):
    """{key: item without secrets}; of twins in one answer the first counts."""
    found = {}
    for item in items:
        found.setdefault(key_of(item), without_secrets(item))
    return found
