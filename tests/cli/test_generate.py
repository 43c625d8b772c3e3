"""`wanreel generate`, end to end: what is sent, what is kept, what is printed."""

import io
import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from PIL import Image

from tests.cli.terminal import Terminal
from tests.client.small_world import bought, picture
from wanreel.emulator.server import Emulator

FOX = ("A red fox in fresh snow, wide shot", "--model", "wan2.5-t2v-preview", "--resolution", "480P")


def sent(vendor: Emulator) -> dict[str, object]:
    """The body of the only task the vendor was given."""
    (task,) = vendor.tasks()
    return task["request"]


def test_a_prompt_becomes_a_file(terminal: Terminal, vendor: Emulator) -> None:
    """The path on stdout is a whole clip in the archive, and one task was bought for it."""
    ran = terminal("generate", *FOX, "--seed", "0")
    assert 0 == ran.code, ran.err
    (path,) = ran.lines
    assert Path(path).is_relative_to(terminal.home / "archive")
    assert b"ftyp" == Path(path).read_bytes()[4:8]
    assert 1 == bought(vendor)
    assert {"size": "832*480", "duration": 5, "seed": 0} == sent(vendor)["parameters"]


def test_progress_is_plain_lines_in_a_pipe(terminal: Terminal) -> None:
    """Without a terminal, each change of state is one line on stderr, and the last says how it ended."""
    ran = terminal("generate", *FOX, "--name", "fox")
    lines = ran.err.splitlines()
    assert all(line.startswith("fox seed ") for line in lines), ran.err
    assert lines[-1].endswith("succeeded")
    assert "\x1b" not in ran.err + ran.out


def test_json_is_one_object_and_nothing_else(terminal: Terminal) -> None:
    """With --json, stdout is one object that says everything about the job, and stderr is silent."""
    ran = terminal("generate", *FOX, "--name", "fox", "--json")
    (job,) = ran.objects
    assert "" == ran.err
    assert ("succeeded", "fox", "832*480", 5) == (job["state"], job["name"], job["size"], job["duration_s"])
    assert Path(job["path"]).stat().st_size == job["artifact"]["size_bytes"]
    assert job["task_id"]
    assert job["billed_s"] == 5


def test_a_project_and_tags_sort_what_is_kept(terminal: Terminal) -> None:
    """The clip lies in its project's folder of the archive, and `jobs list` finds it by either."""
    ran = terminal("generate", *FOX, "--project", "spring", "--tag", "hero", "--tag", "red")
    assert 0 == ran.code, ran.err
    assert Path(ran.lines[0]).is_relative_to(terminal.home / "archive" / "spring")
    (job,) = terminal("jobs", "list", "--project", "spring", "--tag", "red", "--json").objects
    assert ("spring", ["hero", "red"]) == (job["project"], job["tags"])
    assert [] == terminal("jobs", "list", "--tag", "blue", "--json").objects


def test_a_picture_goes_out_inline(terminal: Terminal, vendor: Emulator) -> None:
    """A small local picture travels inside the call, as the vendor reads it."""
    Path("cat.png").write_bytes(picture())
    ran = terminal("generate", "It blinks", "--image", "cat.png", "--model", "wan2.5-i2v-preview")
    assert 0 == ran.code, ran.err
    body = json.dumps(sent(vendor))
    assert '"img_url"' in body


def test_a_large_picture_goes_through_the_vendors_storage(terminal: Terminal, vendor: Emulator) -> None:
    """What is too large to travel inside the call is uploaded first, and named by its oss:// address."""
    Path("cat.png").write_bytes(picture())
    words = ("generate", "It blinks", "--image", "cat.png", "--model", "wan2.5-i2v-preview")
    ran = terminal(*words, WANREEL_INLINE_BYTES_MAX="10")
    assert 0 == ran.code, ran.err
    assert '"oss://' in json.dumps(sent(vendor))
    assert 1 == vendor.counters()["requests"]["upload"]


def test_a_link_goes_out_as_it_is(terminal: Terminal, vendor: Emulator) -> None:
    """Where links are set to be passed on, the vendor fetches a linked picture itself."""
    link = "https://pictures.example.com/cat.png"
    words = ("generate", "It blinks", "--image", link, "--model", "wan2.5-i2v-preview")
    ran = terminal(*words, WANREEL_INPUT_LINKS="pass")
    assert 0 == ran.code, ran.err
    assert link in json.dumps(sent(vendor))


def test_a_link_is_fetched_checked_and_kept(terminal: Terminal, vendor: Emulator) -> None:
    """What lies behind a link of the operator's own host is checked like a file, and sent like one; others are not."""
    words = ("generate", "It blinks", "--model", "wan2.5-i2v-preview", "--image")
    with serving({"/cat.png": picture(), "/tiny.png": png((20, 20))}) as place:
        ran = terminal(*words, f"http://{place}/cat.png?v=1", WANREEL_INPUT_HOSTS=place)
        assert 0 == ran.code, ran.err
        assert "data:image/png;base64," in json.dumps(sent(vendor))
        refused = terminal(*words, f"http://{place}/tiny.png", WANREEL_INPUT_HOSTS=place)
        assert (2, True) == (refused.code, "each side must be" in refused.err)
        private = terminal(*words, f"http://{place}/cat.png")
        assert (2, True) == (private.code, "private network" in private.err)
    assert 1 == bought(vendor)


def test_fit_makes_a_picture_fit(terminal: Terminal, vendor: Emulator) -> None:
    """A PNG with transparency is refused, and with --fit laid on white, which is said before anything is paid."""
    Path("cat.png").write_bytes(png((640, 480), mode="RGBA"))
    words = ("generate", "It blinks", "--image", "cat.png", "--model", "wan2.5-i2v-preview")
    assert (2, 0) == (terminal(*words).code, bought(vendor))
    ran = terminal(*words, "--fit")
    assert (0, True) == (ran.code, "transparency laid on white" in ran.err), ran.err
    assert 1 == bought(vendor)


def png(sides: tuple[int, int], mode: str = "RGB") -> bytes:
    """An empty PNG."""
    out = io.BytesIO()
    Image.new(mode, sides).save(out, "PNG")
    return out.getvalue()


@contextmanager
def serving(files: dict[str, bytes]) -> Generator[str]:
    """A web server on this machine; its host and port."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files[self.path.partition("?")[0]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_keyframes_make_the_way_between_them(terminal: Terminal, vendor: Emulator) -> None:
    """First and last frame together choose the keyframe mode, on its own path."""
    Path("noon.png").write_bytes(picture("#88bbee"))
    Path("night.png").write_bytes(picture("#112244"))
    ran = terminal("generate", "Day turns to night", "--first-frame", "noon.png", "--last-frame", "night.png", "--json")
    assert 0 == ran.code, ran.err
    assert "kf2v" == ran.objects[0]["mode"]
    body = json.dumps(sent(vendor))
    assert "last_frame" in body


def test_variants_differ_in_their_seeds(terminal: Terminal, vendor: Emulator) -> None:
    """Three variants are three tasks of one group whose seeds count up, each with a clip of its own in the folder."""
    ran = terminal("generate", *FOX, "--variants", "3", "--seed", "7", "-o", "takes", "--json")
    assert 0 == ran.code, ran.err
    assert [7, 8, 9] == [job["seed"] for job in ran.objects]
    assert 1 == len({job["group"] for job in ran.objects})
    assert 3 == len({Path(job["path"]).read_bytes() for job in ran.objects})
    assert {Path(job["path"]).name for job in ran.objects} == {path.name for path in Path("takes").iterdir()}
    assert 3 == bought(vendor)


def test_out_is_the_file_it_names(terminal: Terminal) -> None:
    """`-o fox.mp4` is that file, and the archive keeps its own."""
    ran = terminal("generate", *FOX, "-o", "fox.mp4")
    assert ["fox.mp4"] == ran.lines
    archived = next((terminal.home / "archive").rglob("*.mp4"))
    assert archived.read_bytes() == Path("fox.mp4").read_bytes()
    assert ["fox.mp4", "home"] == sorted(path.name for path in Path().iterdir())


def test_out_ending_in_a_slash_is_a_folder(terminal: Terminal) -> None:
    """`-o clips/` is a folder even for one clip, made when it is not there."""
    ran = terminal("generate", *FOX, "-o", "clips/", "--name", "fox")
    assert Path(ran.lines[0]).name.startswith("fox-job_")
    assert Path("clips").is_dir()


def test_a_dry_run_needs_no_key_and_sends_nothing(terminal: Terminal, vendor: Emulator) -> None:
    """It prints the call as it would go out and what it would cost; the vendor never hears of it."""
    del terminal.env["DASHSCOPE_API_KEY"]
    Path("cat.png").write_bytes(picture())
    ran = terminal("generate", "It blinks", "--image", "cat.png", "--variants", "2", "--seed", "1", "--dry-run")
    assert 0 == ran.code, ran.err
    assert f"POST {vendor.base_url}/services/aigc/" in ran.out
    assert '"seed": 1' in ran.out
    assert "cat.png" in ran.out
    assert ran.lines[-1].startswith("2 clips: ")
    assert ran.lines[-1].endswith("Nothing was sent.")
    assert {} == vendor.counters()["requests"]
    assert "" == terminal("jobs", "list", "--no-header").out


def test_a_dry_run_as_json_has_body_and_price(terminal: Terminal) -> None:
    """Each call is an object with path, body and the estimate as decimal text."""
    ran = terminal("generate", *FOX, "--dry-run", "--json")
    (call,) = ran.objects
    assert "wan2.5-t2v-preview" == call["body"]["model"]
    assert "1.5" == call["estimate"]["amount"]
    assert "CNY" == call["estimate"]["currency"]


def test_no_wait_leaves_the_work_to_a_worker(terminal: Terminal, vendor: Emulator) -> None:
    """The id is printed at once, nothing is sent; `worker --until-idle` makes the clip."""
    ran = terminal("generate", *FOX, "--no-wait")
    (job_id,) = ran.lines
    assert 0 == ran.code
    assert 0 == bought(vendor)
    assert 0 == terminal("worker", "--until-idle").code
    assert "succeeded" == terminal("jobs", "show", job_id, "--json").objects[0]["state"]
    assert 1 == bought(vendor)


def test_patience_that_runs_out_loses_nothing(terminal: Terminal, vendor: Emulator) -> None:
    """--timeout ends the command with its own code; `watch` follows the same task to its end."""
    vendor.script({"create": [{"fate": {"run_s": 1.0, "queue_s": 0}}]}, account="*")
    ran = terminal("generate", *FOX, "--timeout", "0.3")
    assert 10 == ran.code
    assert "they go on" in ran.err
    watched = terminal("watch")
    assert 0 == watched.code, watched.err
    assert 1 == len(watched.lines)
    assert 1 == bought(vendor)


def test_warnings_are_told_before_anything_is_bought(terminal: Terminal) -> None:
    """What the catalog does not know passes, with a note."""
    ran = terminal("generate", "A fox", "--model", "wan9.9-t2v", "--no-wait")
    assert 0 == ran.code, ran.err
    assert ran.err.startswith("note: ")
    assert "wan9.9-t2v" in ran.err


def test_a_prompt_that_cannot_come_out_is_refused_unless_told_otherwise(terminal: Terminal, vendor: Emulator) -> None:
    """Text-to-video that speaks of a picture buys nothing; --no-lint buys it, and the job shows what was said."""
    animate = ("Animate this photo, soft light", *FOX[1:])
    ran = terminal("generate", *animate)
    assert (2, 0) == (ran.code, bought(vendor))
    assert "--no-lint" in ran.err
    ran = terminal("generate", *animate, "--no-lint", "--no-wait")
    assert 0 == ran.code, ran.err
    assert "PL106" in terminal("jobs", "show", ran.lines[0]).out
    (shown,) = terminal("jobs", "show", ran.lines[0], "--json").objects
    assert ["wrong_mode"] == [remark["label"] for remark in shown["lint"]]
