"""Pictures: inline, uploaded, on this machine, unreachable; their rules, and the size a clip takes from them."""

import base64
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from tests.emulator.caller import ASYNC, call, create
from tests.emulator.front_desk import fake_clip
from wanreel.emulator.inputs import on_this_machine
from wanreel.emulator.media import look
from wanreel.emulator.server import Emulator

Policy = dict[str, Any]


def picture(width: int = 750, height: int = 1000, mode: str = "RGB", kind: str = "PNG") -> bytes:
    """A picture file."""
    out = BytesIO()
    Image.new(mode, (width, height)).save(out, kind)
    return out.getvalue()


def inline(data: bytes) -> str:
    """A data address."""
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


@pytest.fixture
async def still() -> AsyncIterator[Emulator]:
    """An emulator in virtual time."""
    async with Emulator(virtual=True, seed=1, submit_rate=0, render=fake_clip) as running:
        yield running


async def ended(still: Emulator, url: str, model: str = "wan2.6-i2v", **headers: str) -> tuple[dict[str, Any], Any]:
    """Make a 720P clip from one picture; the final output and the task."""
    body = {"model": model, "input": {"prompt": "x", "img_url": url}, "parameters": {"resolution": "720P"}}
    status, made = await create(still, json=body, headers={**ASYNC, **headers})
    if status != 200:
        return made, None
    still.advance(9000)
    task_id = made["output"]["task_id"]
    _, got = await call(still, "GET", f"/tasks/{task_id}")
    return got["output"], still.desk.ledger.tasks[task_id]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP"])
async def test_inline_picture_sets_the_size(still: Emulator, kind: str) -> None:
    """The documented example, in each format the page names."""
    output, task = await ended(still, inline(picture(375, 500, kind=kind)))

    assert "SUCCEEDED" == output["task_status"]
    assert (816, 1104) == (task.shot.width, task.shot.height)
    assert "i2v" == task.shot.mode


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (picture(200, 900), "InvalidImageResolution"),
        (picture(8001, 300), "InvalidImageResolution"),
        (picture(mode="RGBA"), "InvalidImageFormat"),
        (picture(kind="GIF"), "InvalidImage.FileFormat"),
        (b"not a picture", "InvalidImage.FileFormat"),
    ],
)
async def test_pictures_that_break_a_rule(still: Emulator, data: bytes, code: str) -> None:
    """Accepted, then FAILED with the code of the rule."""
    output, _ = await ended(still, inline(data))

    assert ("FAILED", code) == (output["task_status"], output["code"])


@pytest.mark.parametrize(
    "url",
    ["https://example.com/cat.png", "http://127.0.0.1:9/cat.png", "ftp://localhost/cat.png", "cat.png", "data:,x"],
)
async def test_unreachable_pictures(still: Emulator, url: str) -> None:
    """An address that is elsewhere, closed, or none, is the vendor's InvalidURL."""
    output, _ = await ended(still, url)

    assert "FAILED" == output["task_status"]
    assert output["code"].startswith("InvalidURL")


def test_only_this_machine_is_asked() -> None:
    """Nothing beyond loopback is ever fetched, whatever it calls itself."""
    here = ["http://127.0.0.1/x", "http://localhost:1/x", "http://[::1]/x", "http://127.8.8.8/x"]
    there = [
        "http://example.com/",
        "http://10.0.0.1/",
        "http://localhost.example.com/",
        "file:///etc/passwd",
        "http://",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://127.0.0.1@198.51.100.7/",
        "http://127.0.0.1\\@198.51.100.7/",
        "http://[::ffff:198.51.100.7]/",
        "http://[::1%25198.51.100.7]/",
        "http://①②⑦.0.0.1/",
    ]

    assert all(map(on_this_machine, here))
    assert not any(map(on_this_machine, there))


async def test_assumed_pictures() -> None:
    """With foreign_media=assume a picture nobody can fetch counts as a plain 16:9 still."""
    quirks = {"foreign_media": "assume"}
    async with Emulator(virtual=True, seed=1, render=fake_clip, quirks=quirks) as emulator:
        output, task = await ended(emulator, "https://example.com/cat.png")

    assert "SUCCEEDED" == output["task_status"]
    assert (1280, 720) == (task.shot.width, task.shot.height)


async def test_picture_on_this_machine(still: Emulator, tmp_path: Path) -> None:
    """A picture served on loopback is fetched; a redirect is not followed."""
    (tmp_path / "still.png").write_bytes(picture(640, 640))

    async def away(_: web.Request) -> web.Response:
        raise web.HTTPFound("/still.png")

    app = web.Application()
    app.router.add_get("/away", away)
    app.router.add_static("/", tmp_path)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        output, task = await ended(still, f"{site}/still.png")
        moved, _ = await ended(still, f"{site}/away")
    finally:
        await runner.cleanup()

    assert "SUCCEEDED" == output["task_status"]
    assert (960, 960) == (task.shot.width, task.shot.height)
    assert "InvalidURL" == moved["code"]


async def policy_for(still: Emulator, model: str) -> Policy:
    """A fresh upload policy."""
    status, body = await call(still, "GET", f"/uploads?action=getPolicy&model={model}")
    assert 200 == status
    return body["data"]


async def put(policy: Policy, data: bytes, *, shuffled: bool = False, **changed: str) -> tuple[int, str]:
    """Upload with a policy, in the SDK's field order or another; the file is last."""
    fields = {
        "OSSAccessKeyId": policy["oss_access_key_id"],
        "Signature": policy["signature"],
        "policy": policy["policy"],
        "key": f"{policy['upload_dir']}/still.png",
        "x-oss-object-acl": policy["x_oss_object_acl"],
        "x-oss-forbid-overwrite": policy["x_oss_forbid_overwrite"],
        "success_action_status": "200",
        "x-oss-content-type": "image/png",
        **changed,
    }
    form = aiohttp.FormData()
    for name in sorted(fields) if shuffled else fields:
        form.add_field(name, fields[name])
    form.add_field("file", data, filename="still.png", content_type="image/png")
    async with aiohttp.ClientSession() as session, session.post(policy["upload_host"], data=form) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize("shuffled", [False, True])
async def test_uploaded_picture(still: Emulator, shuffled: bool) -> None:
    """Policy, form, oss:// with the resolve header: the clip follows the uploaded picture."""
    policy = await policy_for(still, "wan2.6-i2v")
    stored = await put(policy, picture(), shuffled=shuffled)
    url = f"oss://{policy['upload_dir']}/still.png"

    refused, _ = await ended(still, url)
    output, task = await ended(still, url, **{"X-DashScope-OssResourceResolve": "enable"})

    assert (200, "") == stored
    assert "InvalidParameter.DataInspection" == refused["code"]
    assert "SUCCEEDED" == output["task_status"]
    assert (816, 1104) == (task.shot.width, task.shot.height)


async def test_upload_is_bound() -> None:
    """An upload serves its own model and account only, for 48 h."""
    from wanreel.emulator.accounts import Account

    accounts = (Account("one", keys=("sk-test",)), Account("two", keys=("sk-2",)))
    resolve = {"X-DashScope-OssResourceResolve": "enable"}
    async with Emulator(virtual=True, seed=1, render=fake_clip, accounts=accounts) as emulator:
        policy = await policy_for(emulator, "wan2.6-i2v")
        await put(policy, picture())
        url = f"oss://{policy['upload_dir']}/still.png"

        other_model, _ = await ended(emulator, url, "wan2.5-i2v-preview", **resolve)
        other_account, _ = await ended(emulator, url, **resolve, Authorization="Bearer sk-2")
        own, _ = await ended(emulator, url, **resolve)
        emulator.advance(48 * 3600)
        late, _ = await ended(emulator, url, **resolve)

    for refused in (other_model, other_account, late):
        assert "InvalidParameter.DataInspection" == refused["code"]
    assert "SUCCEEDED" == own["task_status"]


async def test_uploads_that_are_refused(still: Emulator) -> None:
    """A late policy, a forged one and a key outside its folder are 403 in the object store's words; a file stays."""
    policy = await policy_for(still, "wan2.6-i2v")
    first = await put(policy, picture())
    again = await put(policy, picture(400, 400))
    forged = await put(policy, picture(), Signature="AAAA")
    stranger = await put(policy, picture(), key="elsewhere/still.png")
    still.advance(301)
    late = await put(policy, picture())

    assert [200, 409] == [first[0], again[0]]
    assert "FileAlreadyExists" in again[1]
    assert [403, 403, 403] == [forged[0], stranger[0], late[0]]
    assert "SignatureDoesNotMatch" in forged[1]
    assert "Invalid according to Policy: Policy expired." in late[1]


def test_turned_picture_counts_as_it_is_seen() -> None:
    """A photograph with a turn in its metadata has the sides a viewer sees."""
    out = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1000, 750)).save(out, "JPEG", exif=exif)

    medium = look(out.getvalue(), "first")

    assert (750, 1000) == (medium.width, medium.height)


async def test_kf2v_follows_the_first_frame(still: Emulator) -> None:
    """The clip has the first frame's shape, and shows both."""
    body = {
        "model": "wan2.2-kf2v-flash",
        "input": {"first_frame_url": inline(picture()), "last_frame_url": inline(picture(900, 900))},
    }
    _, made = await create(still, json=body, family="image2video")
    shot = still.desk.ledger.tasks[made["output"]["task_id"]].shot

    assert (816, 1104, "kf2v") == (shot.width, shot.height, shot.mode)
    assert shot.first_image != shot.last_image != ""


@pytest.mark.parametrize(
    ("policy", "given", "status"),
    [
        ("unless_template", {}, 400),
        ("unless_template", {"template": "hanfu-1"}, 200),
        ("required", {"template": "hanfu-1"}, 400),
        ("optional", {}, 200),
    ],
)
async def test_last_frame(policy: str, given: dict[str, str], status: int) -> None:
    """Whether kf2v needs a last frame is a setting."""
    body = {"model": "wan2.2-kf2v-flash", "input": {"first_frame_url": inline(picture()), **given}}
    async with Emulator(virtual=True, seed=1, render=fake_clip, quirks={"kf2v_last_frame": policy}) as emulator:
        got, _ = await create(emulator, json=body, family="image2video")

    assert status == got


FRAME = inline(picture())
MIXED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "two first frames": ("wan2.7-i2v", {"media": [{"type": "first_frame", "url": FRAME}] * 2}, {}),
    "sound alone with a clip": (
        "wan2.7-i2v",
        {"media": [{"type": "first_clip", "url": FRAME}, {"type": "driving_audio", "url": FRAME}]},
        {},
    ),
    "frames and references": (
        "wan3.0-video",
        {"media": [{"type": "first_frame", "url": FRAME}, {"type": "reference_image", "url": FRAME}]},
        {},
    ),
    "link without rewriting": (
        "wan3.0-video",
        {"media": [{"type": "link", "url": "https://example.com/"}]},
        {"prompt_extend": False},
    ),
    "six references": (
        "wan2.7-r2v",
        {"prompt": "x", "media": [{"type": "reference_image", "url": FRAME}] * 6},
        {},
    ),
    "long with a video reference": (
        "wan2.7-r2v",
        {"prompt": "x", "media": [{"type": "reference_video", "url": FRAME}]},
        {"duration": 12},
    ),
    "two videos": ("wan2.7-videoedit", {"media": [{"type": "video", "url": FRAME}] * 2}, {}),
    "no such function": ("wanx2.1-vace-plus", {"prompt": "x", "function": "paint"}, {}),
}


@pytest.mark.parametrize("name", MIXED)
async def test_parts_that_do_not_go_together(still: Emulator, name: str) -> None:
    """Each is accepted and fails as InvalidParameter."""
    model, given, parameters = MIXED[name]
    status, made = await create(still, json={"model": model, "input": given, "parameters": parameters})
    assert 200 == status, made
    still.advance(9000)
    _, got = await call(still, "GET", f"/tasks/{made['output']['task_id']}")

    assert ("FAILED", "InvalidParameter") == (got["output"]["task_status"], got["output"]["code"])


@pytest.mark.parametrize(
    ("role", "data", "code"),
    [
        ("audio", b"RIFF\0\0\0\0WAVEfmt ", ""),
        ("audio", b"ID3\4\0", ""),
        ("audio", b"OggS", "InvalidURL"),
        ("audio", b"ID3" + bytes(15 * 1024 * 1024), "InvalidURL"),
        ("video", b"\0\0\0\x20ftypisom", ""),
        ("video", b"GIF89a....", "InvalidFile.Format"),
        ("file", b"anything", ""),
    ],
)
def test_sounds_and_clips(role: str, data: bytes, code: str) -> None:
    """Judged by their first bytes and their length."""
    assert code == look(data, role).code


async def test_sound_is_ignored_where_there_is_none(still: Emulator) -> None:
    """A silent model takes no notice of audio_url; one with sound cannot fetch it and fails."""
    states: list[str] = []
    for model in ("wan2.2-t2v-plus", "wan2.6-t2v"):
        body = {"model": model, "input": {"prompt": "x", "audio_url": "https://example.com/a.mp3"}}
        _, made = await create(still, json=body)
        still.advance(9000)
        _, got = await call(still, "GET", f"/tasks/{made['output']['task_id']}")
        states.append(got["output"]["task_status"])

    assert ["SUCCEEDED", "FAILED"] == states
