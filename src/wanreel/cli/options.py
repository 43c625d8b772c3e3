"""Options that many commands share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class HomeOptions:
    """Which home, and how to print."""

    home: Annotated[
        Path | None, Parameter(help="Folder of database and archive; default WANREEL_HOME or ~/.wanreel.")
    ] = None
    json: Annotated[bool, Parameter(help="Print JSON: one object for one thing, JSON Lines for many.", negative="")] = (
        False
    )

    def given(self) -> dict[str, Any]:
        """Arguments for loading settings."""
        return {"home": self.home}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RowOptions:
    """How rows are printed: fitted to a terminal; whole, with a tab between cells, in a pipe."""

    header: Annotated[bool, Parameter(help="Begin with the names of the columns.")] = True


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class VendorOptions:
    """Where the vendor is."""

    base_url: Annotated[str | None, Parameter(help="The vendor's base URL, ending in /api/v1.")] = None
    region: Annotated[str | None, Parameter(help="Region of the account: cn-beijing, ap-southeast-1, us-east-1, …")] = (
        None
    )

    def given(self) -> dict[str, Any]:
        """Arguments for loading settings."""
        return {"vendor_url": self.base_url, "region": self.region}

    def address(self) -> dict[str, Any]:
        """The same for a client."""
        return {"base_url": self.base_url, "region": self.region}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TemporalOptions:
    """Where a Temporal service is, and how one is let in. An API key comes from WANREEL_TEMPORAL_API_KEY alone."""

    temporal_address: Annotated[str | None, Parameter(help="HOST:PORT of the Temporal service.")] = None
    temporal_namespace: Annotated[str | None, Parameter(help="Namespace there; default: default.")] = None
    temporal_queue: Annotated[str | None, Parameter(help="Task queue there; default: wanreel.")] = None
    temporal_tls: Annotated[
        bool | None, Parameter(help="Speak TLS, its certificate checked by the system's CAs.", negative="")
    ] = None
    temporal_ca: Annotated[Path | None, Parameter(help="PEM file with the CA its certificate is checked by.")] = None
    temporal_cert: Annotated[Path | None, Parameter(help="PEM file with our own certificate.")] = None
    temporal_key: Annotated[Path | None, Parameter(help="PEM file with the key of that certificate.")] = None

    def given(self) -> dict[str, Any]:
        """Arguments for loading settings."""
        return asdict(self)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ClipOptions:
    """What a clip should be like, beside its prompt."""

    image: Annotated[str | None, Parameter(help="First frame: a local picture or a link (image to video).")] = None
    first_frame: Annotated[str | None, Parameter(help="First frame, with --last-frame (keyframes to video).")] = None
    last_frame: Annotated[str | None, Parameter(help="Last frame.")] = None
    fit: Annotated[
        bool | None, Parameter(help="Make pictures that are too large for the model smaller; --no-fit refuses them.")
    ] = None
    model: Annotated[str | None, Parameter(help="Model id or alias; `wanreel models list` shows them.")] = None
    size: Annotated[str | None, Parameter(help="1280*720 (or 1280x720, 720P, 16:9).")] = None
    resolution: Annotated[str | None, Parameter(help="480P, 720P or 1080P.")] = None
    ratio: Annotated[str | None, Parameter(help="16:9, 9:16, 1:1, 4:3 or 3:4.")] = None
    duration: Annotated[str | None, Parameter(help="Length in seconds.")] = None
    seed: Annotated[str | None, Parameter(help="0 to 2147483647; drawn and recorded when not given.")] = None
    negative_prompt: Annotated[str | None, Parameter(help="What should not be seen.")] = None
    audio_file: Annotated[str | None, Parameter(help="wav or mp3 to make the clip with: a file or a link.")] = None
    sound: Annotated[
        bool | None, Parameter(name="--sound", negative="--silent", help="For models that can do both.")
    ] = None
    prompt_extend: Annotated[bool | None, Parameter(help="Let the vendor rewrite the prompt.")] = None
    watermark: Annotated[bool | None, Parameter(help="The vendor's visible mark.")] = None
    shot_type: Annotated[str | None, Parameter(help="single or multi (2.6 models).")] = None
    template: Annotated[str | None, Parameter(help="Name of an effect of the vendor's.")] = None
    mode: Annotated[str | None, Parameter(help="t2v, i2v or kf2v; usually plain from the pictures.")] = None
    extra_input: Annotated[str | None, Parameter(help="JSON merged into the call's `input`.")] = None
    extra_parameters: Annotated[str | None, Parameter(help="JSON merged into the call's `parameters`.")] = None
    priority: Annotated[str | None, Parameter(help="-100 to 100; the higher goes first.")] = None
    lint: Annotated[bool | None, Parameter(help="--no-lint: order it although the lint would refuse the prompt.")] = (
        None
    )
    project: Annotated[str | None, Parameter(help="Whose it is: budgets, reports and the archive go by it.")] = None
    tag: Annotated[
        list[str] | None, Parameter(help="A word to find and count it by; may be given again.", negative="")
    ] = None
    max_cost: Annotated[str | None, Parameter(help="The most that each clip may cost, in the account's currency.")] = (
        None
    )
    max_cost_all: Annotated[
        str | None, Parameter(help="The most that all clips of the order, or of the batch, may cost together.")
    ] = None

    def order(self) -> dict[str, Any]:
        """Arguments of an order. Raises Invalid when two options say the same thing."""
        from wanreel.domain.errors import Invalid, Problem

        if self.image and self.first_frame:
            raise Invalid("", (Problem("image", "says the same as --first-frame: give one of them"),))
        return {
            "first_frame": self.image or self.first_frame,
            "last_frame": self.last_frame,
            "fit": self.fit,
            "model": self.model,
            "size": self.size,
            "resolution": self.resolution,
            "ratio": self.ratio,
            "duration_s": self.duration,
            "seed": self.seed,
            "negative_prompt": self.negative_prompt,
            "audio_file": self.audio_file,
            "audio": self.sound,
            "prompt_extend": self.prompt_extend,
            "watermark": self.watermark,
            "shot_type": self.shot_type,
            "template": self.template,
            "mode": self.mode,
            "extra_input": self.extra_input,
            "extra_parameters": self.extra_parameters,
            "project": self.project,
            "priority": self.priority,
            "tags": self.tag,
            "max_cost": self.max_cost,
            "group_max_cost": self.max_cost_all,
            "lint": self.lint,
        }


HOME = HomeOptions()
ROWS = RowOptions()
VENDOR = VendorOptions()
TEMPORAL = TemporalOptions()
CLIP = ClipOptions()
