"""What a person does again and again in the studio, and what is looked at afterwards."""

from __future__ import annotations

import base64
import io

from PIL import Image
from playwright.async_api import Locator, Page, expect

PATIENCE_MS = 30_000


def picture(colour: str, size: tuple[int, int] = (640, 400)) -> str:
    """A PNG as base64."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def halves(left: str, right: str, size: tuple[int, int] = (640, 400)) -> str:
    """A PNG of two colours beside each other, as base64."""
    image = Image.new("RGB", size, left)
    image.paste(Image.new("RGB", (size[0] // 2, size[1]), right), (size[0] // 2, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


async def drop(page: Page, slot: str, data: str, name: str = "still.png") -> None:
    """Drop a file onto the place for a picture, as a hand does."""
    script = """([data, name]) => {
      const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
      const moved = new DataTransfer();
      moved.items.add(new File([bytes], name, { type: "image/png" }));
      return moved;
    }"""
    moved = await page.evaluate_handle(script, [data, name])
    await page.locator(f".drop:has(#{slot})").dispatch_event("drop", {"dataTransfer": moved})


async def wait_done(page: Page, count: int) -> None:
    """Until so many clips are ready, without a reload."""
    await expect(page.locator("[data-state=succeeded]")).to_have_count(count, timeout=PATIENCE_MS)


async def decodes(video: Locator) -> bool:
    """Whether a clip really plays once it has come: frames come out of it, and time goes on."""
    script = """async (video, patience) => {
      const late = performance.now() + patience;
      // A source that comes after play() was asked for ends that wish with an AbortError.
      while (video.readyState < HTMLMediaElement.HAVE_METADATA && !video.error) {
        if (performance.now() > late) return false;
        await new Promise((go) => setTimeout(go, 20));
      }
      video.muted = true;
      await video.play();
      const frames = () => video.getVideoPlaybackQuality().totalVideoFrames;
      while (!frames() || !video.currentTime) {
        if (performance.now() > late || video.error) return false;
        await new Promise((go) => setTimeout(go, 20));
      }
      return video.videoWidth > 0 && video.error === null;
    }"""
    return await video.evaluate(script, PATIENCE_MS)


async def shows_picture(image: Locator) -> bool:
    """Whether an image really is one, once it has come; False when it has not for long."""
    script = """(img, patience) => new Promise((done) => {
      const late = performance.now() + patience;
      const look = () => img.naturalWidth > 0 || performance.now() > late
        ? done(img.naturalWidth > 0) : requestAnimationFrame(look);
      look();
    })"""
    return await image.evaluate(script, PATIENCE_MS)


async def until(page: Page, what: str) -> None:
    """Until an expression is true in the page. Playwright's own wait evaluates a text there: the policy forbids it."""
    script = f"""(patience) => new Promise((done, failed) => {{
      const late = performance.now() + patience;
      const look = () => {what} ? done(true)
        : performance.now() > late ? failed(new Error("never true")) : requestAnimationFrame(look);
      look();
    }})"""
    await page.evaluate(script, PATIENCE_MS)
