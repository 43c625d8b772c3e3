"""Real, playable MP4s for the emulator: made from a ClipSpec, about what was asked."""

from wanreel.emulator.clips.render import render, render_to
from wanreel.emulator.clips.sheet import contact_sheet
from wanreel.emulator.clips.spec import ClipSpec
from wanreel.emulator.clips.studio import Studio

__all__ = ["ClipSpec", "Studio", "contact_sheet", "render", "render_to"]
