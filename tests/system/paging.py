#!/usr/bin/env python3
"""Clouds that page badly, lists that change while they are read, drops that must not be believed.

Usage: python3 tests/system/paging.py BUILD_DIR [NAME]...
"""
import os
import random
import sqlite3
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from cloud import Answer, Shelf  # noqa: E402
from harness import case, check_listing, equal, has, main, row_case  # noqa: E402


def uhosts(*spans):
    return [clouds.uhost_image(n) for span in spans for n in range(*span)]


class World:
    def __init__(self, place, items, **shelf):
        self.place, self.cloud = place, place.cloud()
        self.shelf = self.cloud.put("DescribeImage", items, **shelf)
        place.configure([place.account("ucloud", self.cloud.url(), name="prod", services=["uhost"])])

    def once(self, outcome, status=None, **columns):
        self.before = len(self.cloud.requests)
        run = self.place.once(status if status is not None else 0 if outcome == "complete" else 3)
        poll = self.place.last_poll("prod")
        equal(poll["outcome"], outcome, "outcome (%s)" % poll["message"])
        for column, value in columns.items():
            equal(poll[column], value, "polls.%s" % column)
        # A page that was asked ahead and is no longer wanted may be cancelled on its way.
        arrived = len(self.cloud.requests) - self.before
        assert arrived <= poll["requests"] <= arrived + 9, (arrived, poll["requests"])
        return poll

    def seen(self):
        """Every item that was sent in the last run."""
        return {clouds.id_of(raw) for r in self.cloud.requests[self.before:] for raw in r.answer.items}

    def check(self):
        check_listing(self.place, self.shelf.items, "prod")

    def presence(self):
        rows = self.place.images("prod", presence=("present", "missing", "removed"))
        return {image_id: row["presence"] for image_id, row in rows.items()}


# ---- pages ---------------------------------------------------------------------------------------------------------

COUNTS = [(str(n), n) for n in (0, 1, 2, 99, 100, 101, 199, 200, 350)]


@row_case(COUNTS, "count")
def count(place, n):
    world = World(place, uhosts((n,)))
    world.once("complete", total_reported=n, items=n)
    world.check()


@row_case([("20", 20, 105), ("2", 2, 21), ("1", 1, 7), ("99", 99, 350)], "clamped_to")
def clamped_to(place, cap, n):
    """The cloud gives fewer than asked for, without a word."""
    world = World(place, uhosts((n,)), cap=cap)
    world.once("complete", items=n)
    world.check()


@case
def qingcloud_pages(place):
    cloud = place.cloud()
    shelf = cloud.put("DescribeImages", [clouds.qingcloud_image(n) for n in range(230)])
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc")])
    place.once(0)
    check_listing(place, shelf.items, "qc")


@case
def uk8s_is_not_paged(place):
    cloud = place.cloud()
    images = [{"ImageId": "uimage-%d" % n, "ImageName": "Ubuntu 20.04 %d" % n, "NotSupportGPU": False, "ZoneId": 1}
              for n in range(300)]
    body = Shelf("DescribeUK8SImage", {}, images, total=None)
    cloud.put_body("DescribeUK8SImage", body.body(body.items))
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uk8s"])])
    place.once(0)
    check_listing(place, body.items, "prod")
    equal(len(cloud.asked("DescribeUK8SImage")), 1)


@case
def community_groups(place):
    """The total counts groups; the images are in the groups' data."""
    cloud = place.cloud()
    groups, images = [], []
    for g in range(130):
        data = [clouds.platform_image(g * 10 + v, "Community", GroupId="g-%d" % g, VersionName="v%d" % v,
                                      ImageOwnerAlias="Community") for v in range(1 + g % 3)]
        images += data
        groups.append({"GroupId": "g-%d" % g, "ImageName": "group %d" % g, "Data": data})
    cloud.put("DescribeCommunityImages", groups, array="CompshareImageGroup")
    place.configure([place.account("compshare", cloud.url(), name="gpu", services=["community"])])
    place.once(0)
    equal(sorted(place.images("gpu")), sorted(i["CompShareImageId"] for i in images))
    asked = cloud.asked("DescribeCommunityImages")[0]
    equal(asked.params["ExcludeReadme"], "true")
    assert "SortCondition.Field" in asked.params


@case
def platform_variants(place):
    """One listing for each type, each with its own pages."""
    cloud = place.cloud()
    shelves = {kind: cloud.put("DescribeCompShareImages",
                               [clouds.platform_image(1000 * i + n, kind) for n in range(20 + 40 * i)],
                               {"ImageType": kind})
               for i, kind in enumerate(("System", "App", "Game", "Other"))}
    place.configure([place.account("compshare", cloud.url(), name="gpu", services=["platform"])])
    place.once(0)
    for kind, shelf in shelves.items():
        check_listing(place, shelf.items, "gpu", variant=kind)


@case
def projects_regions_zones_multiply(place):
    cloud = place.cloud()
    want = {}
    n = 0
    for project in ("org-a", "org-b"):
        for region, zone in (("cn-bj2", "cn-bj2-02"), ("cn-bj2", "cn-bj2-05"), ("hk", None)):
            n += 10
            where = {"ProjectId": project, "Region": region, **({"Zone": zone} if zone else {})}
            items = [clouds.uhost_image(n + i, zone or "hk-02") for i in range(3)]
            want[project, region, zone] = cloud.put("DescribeImage", items, where)
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], projects=["org-a", "org-b"],
                                   regions=["cn-bj2", "hk"], zones=["cn-bj2-02", "cn-bj2-05"])])
    place.once(0)
    equal(place.value("SELECT count(*) FROM listings"), 6)
    for (project, region, zone), shelf in want.items():
        check_listing(place, shelf.items, "prod", project=project, region=region, zone=zone)


# ---- pages that lie -------------------------------------------------------------------------------------------------

@case
def short_pages(place):
    """Filtered after paging: a short page is not the end."""
    world = World(place, uhosts((200,)))
    sizes = {0: 60, 59: 100, 158: 17}

    def act(request, usual):
        offset = request.number("Offset", 0)
        part = world.shelf.items[offset:offset + sizes.get(offset, 100)]
        return Answer(world.shelf.body(part), items=part)
    world.cloud.script("DescribeImage", act)
    world.once("complete")
    world.check()


@case
def total_is_absent(place):
    world = World(place, uhosts((250,)), total=None)
    world.once("complete", total_reported=None)
    world.check()


@row_case([("high", 260), ("low", 20), ("zero", 0), ("max", 2147483647)], "total_is")
def total_is(place, total):
    """All images land, nothing moves towards removal, and the sentence names both numbers."""
    world = World(place, uhosts((250,)), total=total)
    poll = world.once("partial", error_class="incomplete", total_reported=total)
    world.check()
    has(poll["message"], str(total))
    has(poll["message"], "250")
    world.shelf.items = world.shelf.items[:200]
    world.once("partial", missing=0)
    equal(set(world.presence().values()), {"present"})


@row_case([("negative", b"-5"), ("text", b'"250"'), ("word", b'"many"'), ("null", b"null"), ("float", b"250.5")],
          "odd_total")
def odd_total(place, text):
    world = World(place, uhosts((250,)))
    world.cloud.script("DescribeImage", lambda request, usual:
                       Answer(usual().body.replace(b'"TotalCount":250', b'"TotalCount":' + text),
                              items=usual().items))
    world.before = 0
    run = place.once()
    assert run.status in (0, 3), run.status
    equal(place.last_poll("prod")["outcome"] == "complete", run.status == 0)
    if text == b"null" or text == b'"250"':
        equal(run.status, 0, "a total of %r" % text)
    if run.status == 0 or place.images("prod"):
        world.check()


@case
def total_changes_between_pages(place):
    world = World(place, uhosts((250,)))

    def act(request, usual):
        body = usual().body
        if request.number("Offset", 0) == 0:
            body = body.replace(b'"TotalCount":250', b'"TotalCount":249')
        return Answer(body, items=usual().items)
    world.cloud.script("DescribeImage", act)
    world.once("partial", error_class="incomplete")
    world.check()


@case
def total_changes_at_the_end(place):
    """Only the first page, when it is read again, has another total; its first image is the same."""
    world = World(place, uhosts((250,)))
    first_pages = []

    def act(request, usual):
        body = usual().body
        if request.number("Offset", 0) == 0:
            first_pages.append(request)
            if len(first_pages) % 2 == 0:
                body = body.replace(b'"TotalCount":250', b'"TotalCount":251')
        return Answer(body, items=usual().items)
    world.cloud.script("DescribeImage", act)
    world.once("partial", error_class="incomplete")
    world.check()


@case
def same_page_at_every_offset(place):
    """250 are said to be there, and every request brings the same 100: it ends."""
    world = World(place, uhosts((100,)))
    body = world.shelf.body(world.shelf.items).replace(b'"TotalCount":100', b'"TotalCount":250')
    world.cloud.script("DescribeImage", lambda request, usual: Answer(body, items=world.shelf.items))
    poll = world.once("partial", error_class="incomplete")
    assert poll["requests"] <= 30, poll["requests"]
    world.check()


@case
def same_page_without_total(place):
    """Not proved: there may be more behind."""
    world = World(place, uhosts((100,)), total=None)
    world.cloud.script("DescribeImage", lambda request, usual:
                       Answer(world.shelf.body(world.shelf.items), items=world.shelf.items))
    poll = world.once("partial", error_class="incomplete")
    assert poll["requests"] <= 30, poll["requests"]
    world.check()


def rounded(world):
    def act(request, usual):
        offset = request.number("Offset", 0) // 100 * 100
        part = world.shelf.items[offset:offset + 100]
        return Answer(world.shelf.body(part), items=part)
    return act


def shuffled(world):
    dice = random.Random(7)

    def act(request, usual):
        items = list(world.shelf.items)
        dice.shuffle(items)
        return world.shelf.page(request, items)
    return act


def with_hole(world):
    return lambda request, usual: Answer(world.shelf.body([])) if 90 < request.number("Offset", 0) < 190 else None


@row_case([("rounded", rounded), ("shuffled", shuffled), ("hole", with_hole)], "not_believed_without_proof")
def not_believed_without_proof(place, act):
    """250 images that the offsets do not lead through: complete only when all were seen, and nothing that was
    known is doubted."""
    world = World(place, uhosts((250,)))
    world.once("complete")
    world.cloud.script("DescribeImage", act(world))
    run = place.once()
    assert run.status in (0, 3), run.status
    equal(set(world.presence().values()), {"present"})
    world.check()


@row_case([("rounded", rounded), ("shuffled", shuffled), ("hole", with_hole)], "first_sight")
def first_sight(place, act):
    """The same on an empty catalog: what is stored was sent, and not being whole is said."""
    world = World(place, uhosts((250,)))
    world.cloud.script("DescribeImage", act(world))
    world.before = 0
    run = place.once()
    assert run.status in (0, 3), run.status
    stored = set(world.presence())
    assert len(stored) >= 100 and stored <= world.seen(), len(stored)
    equal(place.last_poll("prod")["outcome"], "complete" if run.status == 0 else "partial")
    if run.status == 0:
        world.check()


@row_case([("with_total", "true"), ("without_total", None)], "rounded_offsets_complete")
def rounded_offsets_complete(place, total):
    """Read page behind page, until two readings found the same."""
    world = World(place, uhosts((250,)), total=total)
    world.cloud.script("DescribeImage", rounded(world))
    world.once("complete", items=250)
    world.check()
    gone = clouds.id_of(world.shelf.items.pop(7))
    world.once("complete", missing=1)
    equal(world.presence()[gone], "missing")


@row_case([("two_pages", 150), ("three_pages", 250), ("seven_pages", 650)], "shuffled_order_completes")
def shuffled_order_completes(place, count):
    """An order that changes at each request: two readings that found all the images of the total agree."""
    world = World(place, uhosts((count,)))
    world.cloud.script("DescribeImage", shuffled(world))
    world.once("complete", items=count)
    world.check()
    gone = clouds.id_of(world.shelf.items.pop(7))
    world.once("complete", missing=1)
    world.once("complete", removed=1)
    assert gone not in place.images("prod")


@row_case([("full", 100), ("one_each", 1)], "pages_without_end")
def pages_without_end(place, size):
    """The total says 150, and every page brings more that is new: the listing has an end all the same."""
    world = World(place, uhosts((150,)), total=150)

    def act(request, usual):
        offset = request.number("Offset", 0)
        part = [b'{"ImageId":"u-%d"}' % n for n in range(offset, offset + size)]
        return Answer(world.shelf.body(part))
    world.cloud.script("DescribeImage", act)
    world.before = 0
    run = place.once(3)
    poll = place.last_poll("prod")
    assert poll["outcome"] in ("partial", "failed"), poll["outcome"]
    assert poll["requests"] < 1000, poll["requests"]
    assert run.peak < 512 << 20, "%d MiB resident" % (run.peak >> 20)


@row_case([("same", True), ("other", False)], "twice_in_a_page_with_content")
def twice_in_a_page_with_content(place, same):
    items = uhosts((20,))
    second = dict(items[5]) if same else dict(items[5], ImageName="another name")
    world = World(place, items + [second], total=20)
    world.once("complete" if same else "partial", duplicates=1)
    rows = place.images("prod")
    equal(len(rows), 20)
    equal(rows[items[5]["ImageId"]]["name"], items[5]["ImageName"], "the first one is kept")


@case
def other_region_than_asked(place):
    """An item of a zone that was not asked for is refused."""
    world = World(place, [])
    place.configure([place.account("ucloud", world.cloud.url(), name="prod", services=["uhost"], zones=["cn-bj2-02"])])
    world.shelf.items = [clouds.raw_item(i) for i in uhosts((5,)) + [clouds.uhost_image(9, "hk-02")]]
    world.once("partial", error_class="incomplete")
    assert "uimage-000009" not in place.images("prod")
    equal(len(place.images("prod")), 5)


# ---- lists that change while they are read -----------------------------------------------------------------------------

# name, what happens to the list before the second page is answered
BETWEEN = [
    ("delete_above", lambda items: items.pop(3)),
    ("insert_above", lambda items: items.insert(0, clouds.raw_item(clouds.uhost_image(9000)))),
    ("delete_and_insert", lambda items: (items.pop(3), items.append(clouds.raw_item(clouds.uhost_image(9000))))),
    ("burst", lambda items: [items.pop(i) for i in (90, 60, 30, 0)]),
]


@row_case(BETWEEN, "between_pages")
def between_pages(place, change):
    """Whatever is said of this poll, nothing that is in the cloud goes missing; the next one is complete."""
    world = World(place, uhosts((350,)))
    world.once("complete")
    done = []

    def act(request, usual):
        if request.number("Offset", 0) > 0 and not done:
            done.append(True)
            with world.cloud.lock:
                change(world.shelf.items)
        return usual()
    world.cloud.script("DescribeImage", act)
    run = place.once()
    assert run.status in (0, 3), run.status
    living = {clouds.id_of(raw) for raw in world.shelf.items}
    for image_id, presence in world.presence().items():
        if image_id in living:
            equal(presence, "present", image_id)
        assert presence != "removed", image_id
    world.cloud.clear_scripts()
    world.once("complete")
    check_listing(place, world.shelf.items, "prod")


@case
def changes_that_cancel_out(place):
    """Total, number of images and first image are the same at the start and at the end, and yet one image that
    was there all the time slipped through: only the overlap of the pages can tell."""
    world = World(place, uhosts((350,)))
    world.once("complete")
    slipped = clouds.id_of(world.shelf.items[100])
    second_page = threading.Event()
    later = []

    def act(request, usual):
        offset, items = request.number("Offset", 0), world.shelf.items
        if offset == 0:
            return None
        if offset == 99 and not second_page.is_set():
            items.pop(3), items.pop(3)
            items += [clouds.raw_item(clouds.uhost_image(n)) for n in (9000, 9001)]
            answer = usual()
            second_page.set()
            return answer
        assert second_page.wait(20)
        with world.cloud.lock:
            if not later:
                later.append(True)
                items.insert(1, clouds.raw_item(clouds.uhost_image(9002)))
                items.pop(340)
        return usual()
    world.cloud.script("DescribeImage", act)
    world.before = len(world.cloud.requests)
    place.once()
    # Four pages and the end; then the first page again, for comparison only; then all of it once more.
    first = world.cloud.requests[world.before:world.before + 5]
    sent = [clouds.id_of(raw) for r in first for raw in r.answer.items]
    assert slipped not in sent and len(set(sent)) == 350, "the case is not what it should be"
    equal(world.presence()[slipped], "present")
    poll = place.last_poll("prod")
    equal(poll["outcome"], "complete")
    equal(poll["pages"], 12, "read twice")


@row_case(BETWEEN, "read_again_after")
def read_again_after(place, change):
    """A list that changes once settles within the same poll, by reading it again; one row counts all of it."""
    world = World(place, uhosts((350,)))
    world.once("complete")
    quiet = place.last_poll("prod")
    done = []

    def act(request, usual):
        with world.cloud.lock:
            if request.number("Offset", 0) > 0 and not done:
                done.append(True)
                change(world.shelf.items)
        return usual()
    world.cloud.script("DescribeImage", act)
    poll = world.once("complete")
    world.check()
    assert poll["pages"] > quiet["pages"] and poll["requests"] > quiet["requests"], dict(poll)
    equal(place.value("SELECT count(*) FROM polls"), 2)


@case
def never_quiet(place):
    """A list that changes before every answer: it ends, it is told, and nothing that lives goes missing."""
    world = World(place, uhosts((350,)))
    world.once("complete")
    number = [9000]

    def act(request, usual):
        with world.cloud.lock:
            number[0] += 1
            world.shelf.items.pop(200)
            world.shelf.items.insert(0, clouds.raw_item(clouds.uhost_image(number[0])))
        return usual()
    world.cloud.script("DescribeImage", act)
    poll = world.once("partial", error_class="incomplete", missing=0, removed=0)
    has(poll["message"], "it was read")
    assert poll["requests"] < 100, poll["requests"]
    living = {clouds.id_of(raw) for raw in world.shelf.items}
    for image_id, presence in world.presence().items():
        if image_id in living:
            equal(presence, "present", image_id)


@case
def a_lie_is_not_asked_for_ever(place):
    """A total that is always wrong is believed to be so after two readings."""
    world = World(place, uhosts((250,)), total=260)
    poll = world.once("partial")
    has(poll["message"], "read 2 times")
    assert poll["requests"] <= 12, poll["requests"]


@case
def changed_key(place):
    """With another key another list may be shown: what is gone then is held, however little it is."""
    world = World(place, uhosts((50,)))
    world.once("complete")
    world.cloud.keys["another-key"] = "another-secret"
    place.configure([place.account("ucloud", world.cloud.url(), name="prod", services=["uhost"],
                                   public_key="another-key", private_key="another-secret")])
    world.once("complete")
    gone = clouds.id_of(world.shelf.items.pop(7))
    world.once("complete", missing=1)
    place.configure([place.account("ucloud", world.cloud.url(), name="prod", services=["uhost"])])
    world.shelf.items.pop(9)
    poll = world.once("suspect", held=2, missing=0, removed=0)
    has(poll["message"], "since the key of account 'prod' was changed")
    has(poll["message"], "imagecat release")
    equal(world.presence()[gone], "missing")


# ---- drops ------------------------------------------------------------------------------------------------------------------

@case
def empty_after_full(place):
    world = World(place, uhosts((5,)))
    world.once("complete")
    full, world.shelf.items = world.shelf.items, []
    for _ in range(3):
        world.once("suspect", error_class="suspect", held=5, missing=0, removed=0)
        equal(set(world.presence().values()), {"present"})
    equal(place.listing("prod")["health"], "suspect")
    equal(place.value("SELECT count(*) FROM changes WHERE kind = 'held'"), 1, "held once in an episode")
    world.shelf.items = full
    world.once("complete")
    equal(place.listing("prod")["health"], "ok")
    world.check()


@case
def most_vanish(place):
    world = World(place, uhosts((100,)))
    world.once("complete")
    world.shelf.items = world.shelf.items[:5] + [clouds.raw_item(clouds.uhost_image(777))]
    for _ in range(3):
        world.once("suspect", error_class="suspect", held=95)
        presence = world.presence()
        equal(set(presence.values()), {"present"})
        equal(len(presence), 101, "what is new is stored")


def held_world(place, **removal):
    """100 images, of which 95 vanish."""
    world = World(place, uhosts((100,)))
    account = place.account("ucloud", world.cloud.url(), name="prod", services=["uhost"])
    place.configure([account], removal=removal)
    world.once("complete")
    world.shelf.items = world.shelf.items[:5]
    return world


@case
def a_hold_ends_when_it_lasts(place):
    """Believed once hold_polls polls over `hold` have said the same; then they go as everything goes."""
    world = held_world(place, hold="1s", hold_polls=2)
    world.once("suspect", held=95)
    world.shelf.items = world.shelf.items[:4]
    world.once("suspect", held=96)  # another set: counted anew
    while place.once().status != 0:
        equal(place.last_poll("prod")["outcome"], "suspect")
    poll = place.last_poll("prod")
    equal((poll["outcome"], poll["missing"], poll["removed"], poll["held"]), ("complete", 96, 0, 0))
    has(poll["message"], "believed, since")
    suspect = place.rows("SELECT finished_at FROM polls WHERE held = 96")
    assert len(suspect) >= 2 and poll["finished_at"] - suspect[0]["finished_at"] >= 1, len(suspect)
    world.once("complete", removed=96)
    equal(len(place.images("prod")), 4)
    kinds = [r["kind"] for r in place.rows("SELECT kind FROM changes WHERE uid IS NULL ORDER BY seq")]
    equal(kinds, ["baseline", "held", "released"])


@case
def a_hold_does_not_end_early(place):
    """Long enough but not often enough, and the other way round."""
    world = held_world(place, hold="1h", hold_polls=1)
    for _ in range(3):
        world.once("suspect", held=95, missing=0)
    equal(len(place.images("prod")), 100)


@case
def a_release_is_of_what_was_seen(place):
    """An operator believed that 95 are gone; that all are gone is another drop, and held anew."""
    world = held_world(place)
    world.once("suspect", held=95)
    db = sqlite3.connect(place.catalog)
    db.execute("UPDATE _listings SET released = 1")
    db.commit()
    db.close()
    world.shelf.items = []
    world.once("suspect", held=100, missing=0)
    equal(len(place.images("prod")), 100)
    equal(place.value("SELECT released FROM _listings"), 0)


@case
def a_key_that_never_saw_it(place):
    """An image that was missing under one key is not removed by the first poll under another."""
    world = World(place, uhosts((50,)))
    world.once("complete")
    gone = clouds.id_of(world.shelf.items.pop(7))
    world.once("complete", missing=1)
    world.cloud.keys["another-key"] = "another-secret"
    place.configure([place.account("ucloud", world.cloud.url(), name="prod", services=["uhost"],
                                   public_key="another-key", private_key="another-secret")])
    world.once("suspect", held=1, removed=0)
    equal(world.presence()[gone], "missing")


@case
def empty_after_ends(place):
    """What is left has ended, but for one image that is missing: nothing at all is still no answer."""
    cloud = place.cloud()
    images = [clouds.qingcloud_image(n) for n in range(4)]
    cloud.put("DescribeImages", images)
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc")])
    place.once(0)
    for image in images[:3]:
        image["status"] = "deleted"
    cloud.put("DescribeImages", images[:3])
    place.once(0)
    equal(place.last_poll("qc")["missing"], 1)
    cloud.put("DescribeImages", [])
    place.once(3)
    poll = place.last_poll("qc")
    equal((poll["outcome"], poll["removed"]), ("suspect", 0))


@case
def reported_ends_pass_the_brake(place):
    """Images that the cloud had said to be deleted may all vanish at once."""
    cloud = place.cloud()
    images = [clouds.qingcloud_image(n) for n in range(60)]
    for image in images[:50]:
        image["status"] = "deleted"
    cloud.put("DescribeImages", images)
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc")])
    place.once(0)
    cloud.put("DescribeImages", images[50:])
    place.once(0)
    equal(place.last_poll("qc")["outcome"], "complete")
    equal(place.last_poll("qc")["removed"], 50)


@case
def few_vanish_and_return(place):
    """Missing after one complete poll, removed after two, back with the same row."""
    world = World(place, uhosts((50,)))
    world.once("complete")
    gone = clouds.id_of(world.shelf.items[7])
    raw = world.shelf.items.pop(7)
    world.once("complete", missing=1, removed=0)
    equal(world.presence()[gone], "missing")
    assert place.one("SELECT * FROM images WHERE image_id = ?", gone)["missing_since_at"]
    world.once("complete", missing=0, removed=1)
    row = place.images("prod", presence=("removed",))[gone]
    equal(row["removed_reason"], "absent")
    equal(place.rows("SELECT * FROM images WHERE image_id = ?", gone), [])
    world.shelf.items.append(raw)
    world.once("complete", returned=1)
    equal(world.presence()[gone], "present")
    kinds = [r["kind"] for r in place.rows("SELECT kind FROM changes WHERE image_id = ? ORDER BY seq", gone)]
    equal(kinds, ["missing", "removed", "returned"])
    world.check()


@case
def incomplete_polls_do_not_count(place):
    """Absent from one complete poll and from any number that are not: still only missing."""
    world = World(place, uhosts((150,)))
    world.once("complete")
    gone = clouds.id_of(world.shelf.items.pop(7))
    world.once("complete", missing=1)
    world.shelf.total = 200
    for _ in range(3):
        world.once("partial", missing=0, removed=0)
        equal(world.presence()[gone], "missing")
    world.cloud.always("DescribeImage", Answer("", 404))
    world.once("failed")
    equal(world.presence()[gone], "missing")
    world.cloud.clear_scripts()
    world.shelf.total = "true"
    world.once("complete", removed=1)


@case
def without_total_one_poll_more(place):
    world = World(place, uhosts((150,)), total=None)
    world.once("complete")
    gone = clouds.id_of(world.shelf.items.pop(7))
    world.once("complete", missing=1, removed=0)
    world.once("complete", removed=0)
    equal(world.presence()[gone], "missing")
    world.once("complete", removed=1)


@case
def reported_as_deleted(place):
    """Listed with a final state it stays; absent after that it is removed at once."""
    cloud = place.cloud()
    images = [clouds.qingcloud_image(n) for n in range(20)]
    cloud.put("DescribeImages", images)
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc")])
    place.once(0)
    images[3]["status"] = "deleted"
    cloud.put("DescribeImages", images)
    place.once(0)
    row = place.images("qc")["img-00000003"]
    equal((row["state"], row["launchable"]), ("deleted", 0))
    cloud.put("DescribeImages", images[:3] + images[4:])
    place.once(0)
    row = place.images("qc", presence=("removed",))["img-00000003"]
    equal(row["removed_reason"], "reported")


@case
def account_taken_out_and_put_back(place):
    """Its listings are disabled, no row is touched, and all is whole again."""
    world = World(place, uhosts((10,)))
    other = world.cloud.put("DescribeCompShareCustomImages", [clouds.custom_image(1)])
    accounts = [place.account("ucloud", world.cloud.url(), name="prod", services=["uhost"]),
                place.account("compshare", world.cloud.url(), name="gpu", services=["custom"])]
    place.configure(accounts)
    place.once(0)
    place.configure(accounts[1:])
    place.once(0)
    equal(place.listing("prod")["health"], "disabled")
    equal(place.value("SELECT count(*) FROM images WHERE account = 'prod'"), 0)
    rows = place.images("prod", presence=("removed",))
    equal(len(rows), 10)
    equal({row["removed_reason"] for row in rows.values()}, {"account-removed"})
    check_listing(place, other.items, "gpu")
    place.configure(accounts)
    place.once(0)
    world.check()
    kinds = [r["kind"] for r in place.rows("SELECT kind FROM changes WHERE account = 'prod' ORDER BY seq")]
    equal(kinds, ["baseline", "disabled", "enabled"])


if __name__ == "__main__":
    main()
