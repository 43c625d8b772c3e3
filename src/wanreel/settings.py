"""Frozen values from environment and file: everything a user can set, in one place, validated where it enters.

Precedence: an argument given in code or on the command line, then the environment (`WANREEL_…`, and the vendor's own
`DASHSCOPE_…` names), then `config.toml` in the home, then the default. Nested values use two underscores:
`WANREEL_POLICY__POLL_FIRST_S=1`.
"""

from __future__ import annotations

import os
import shlex
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from wanreel.domain.errors import Invalid, Problem, Unavailable
from wanreel.domain.policy import Policy

CONFIG_NAME = "config.toml"


class Settings(BaseSettings):
    """What a home is run with. Never printed whole: the key is a secret value and stays one."""

    model_config = SettingsConfigDict(
        env_prefix="WANREEL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        validate_default=True,
    )

    home: Path = Field(default=Path("~/.wanreel"), description="Folder of the database, kept inputs and the archive.")
    api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("WANREEL_API_KEY", "DASHSCOPE_API_KEY"),
        description="The vendor's key (sk-…). Not needed to validate, estimate or look at jobs.",
    )
    vendor_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("WANREEL_VENDOR_URL", "DASHSCOPE_BASE_URL", "DASHSCOPE_HTTP_BASE_URL"),
        description="The vendor's base URL, ending in /api/v1; default: the region's.",
    )
    region: str = Field(
        default="cn-beijing",
        validation_alias=AliasChoices("WANREEL_REGION", "DASHSCOPE_REGION"),
        description="Region of the main account: key, host and models must belong together.",
    )
    workspace: str | None = Field(
        default=None,
        validation_alias=AliasChoices("WANREEL_WORKSPACE", "DASHSCOPE_WORKSPACE", "DASHSCOPE_WORKSPACE_ID"),
        description="Workspace id: its own host is used, and it is named in the calls.",
    )
    account: str | None = Field(default=None, description="Name of the main account; default: region and host.")
    archive: Path | None = Field(default=None, description="Folder clips are archived in; default: HOME/archive.")
    project: str = Field(default="default", description="First part of an archived clip's key.")
    slots: dict[str, int] = Field(
        default_factory=dict,
        description='Running tasks allowed per model id ("*": all); default: the vendor\'s documented limits.',
    )
    result_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Further hosts results may be fetched from (comma-separated), beside the vendor's."
    )
    notify_command: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Command that gets each notice as JSON on its standard input."
    )
    policy: dict[str, float] = Field(default_factory=dict, description="Figures of the life of a job, by name.")
    allow_truncate: bool = Field(default=False, description="Send prompts over the model's limit, cut by the vendor.")
    inline_bytes_max: int = Field(default=4_000_000, ge=0, description="Larger local pictures go to temporary storage.")
    connect_timeout_s: float = Field(default=10.0, gt=0)
    answer_timeout_s: float = Field(default=60.0, gt=0, description="Patience for an answer of the vendor's API.")

    @field_validator("result_hosts", "notify_command", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """A text from the environment is a list: hosts by comma, a command by the shell's rules."""
        if not isinstance(value, str):
            return value
        return tuple(shlex.split(value.replace(",", " "))) if value.strip() else ()

    @field_validator("policy")
    @classmethod
    def _known_figures(cls, value: dict[str, float]) -> dict[str, float]:
        known = {f.name for f in fields(Policy)}
        strange = sorted(set(value) - known)
        if strange:
            raise ValueError(f"no such figure: {', '.join(strange)}; known are {', '.join(sorted(known))}")
        return value

    @property
    def archive_path(self) -> Path:
        """Where clips are archived."""
        return self.archive.expanduser() if self.archive else self.home / "archive"

    def figures(self) -> Policy:
        """The policy with the user's figures in it."""
        whole = {f.name for f in fields(Policy) if f.type in (int, "int")}
        return replace(Policy(), **{k: int(v) if k in whole else v for k, v in self.policy.items()})


def load(**given: Any) -> Settings:
    """Settings for a home. `given` values that are None are not given. Raises Invalid, Unavailable."""
    chosen = {k: v for k, v in given.items() if v is not None}
    home = Path(chosen.get("home") or os.environ.get("WANREEL_HOME") or "~/.wanreel").expanduser().absolute()
    config = home / CONFIG_NAME
    _check_config(config)
    try:
        return _from(config)(**{**chosen, "home": home})
    except ValidationError as error:
        raise _translate(error) from None


def _from(config: Path) -> type[Settings]:
    """Settings whose weakest source is this file."""

    class WithFile(Settings):
        """Settings of one home."""

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config))

    return WithFile


def _check_config(path: Path) -> None:
    """The file may be absent; if it is there it must be readable, in words a person can act on."""
    try:
        tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("", (Problem(str(path), f"is not valid TOML: {error}; mend or remove it"),)) from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}; check its permissions") from None


def _translate(error: ValidationError) -> Invalid:
    """Pydantic's findings in our words; values are left out, one of them may be the key."""
    problems = tuple(Problem(".".join(str(p) for p in row["loc"]) or "settings", row["msg"]) for row in error.errors())
    return Invalid("the settings cannot be used", problems)
