"""Frozen values from environment and file: everything a user can set, in one place, validated where it enters.

Precedence: an argument given in code or on the command line, then the environment (`WANREEL_…`, and the vendor's own
`DASHSCOPE_…` names), then `config.toml` in the home, then the default. Nested values use two underscores:
`WANREEL_POLICY__POLL_FIRST_S=1`. An empty variable counts as not set.
"""

from __future__ import annotations

import math
import os
import shlex
import tomllib
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from wanreel.domain.address import Address, address_of
from wanreel.domain.errors import Invalid, Problem, Unavailable
from wanreel.domain.labels import project_name
from wanreel.domain.policy import Policy

CONFIG_NAME = "config.toml"
PREFIX = "WANREEL_"
_POSTGRES = ("postgresql://", "postgres://")
SPOOL_BYTES_MIN = 100_000_000
LOG_VARIABLE = "WANREEL_LOG"  # read by the command line alone: how much it says on stderr


class AccountSettings(BaseModel):
    """One more main account: `[accounts.NAME]` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str | None = Field(default=None, description="Region; default: that of the home.")
    workspace: str | None = Field(default=None, description="Workspace id: its own host is used.")
    base_url: str | None = Field(default=None, description="Base URL ending in /api/v1; default: the region's.")
    api_key: SecretStr | None = Field(default=None, description="Its key.")
    api_key_env: str | None = Field(default=None, description="Name of the variable that holds its key.")
    api_keys: tuple[SecretStr, ...] = Field(default=(), description="Further keys, for when one is refused.")
    slots: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict, description='Running tasks allowed per model id ("*": all).'
    )
    key_is_ours_alone: bool = Field(default=False, description="Nobody but this home uses its keys.")

    @field_validator("api_keys", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        """A text is one key."""
        return (value,) if isinstance(value, str) else value

    def keys(self) -> tuple[str, ...]:
        """All keys that are set, the one of the variable first; none twice."""
        of_variable = os.environ.get(self.api_key_env, "") if self.api_key_env else ""
        written = [key.get_secret_value() for key in (self.api_key, *self.api_keys) if key is not None]
        return tuple(dict.fromkeys(key.strip() for key in (of_variable, *written) if key.strip()))


class Settings(BaseSettings):
    """What a home is run with. Never printed whole: the key is a secret value and stays one."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        validate_default=True,
    )

    home: Path = Field(default=Path("~/.wanreel"), description="Folder of the database, kept inputs and the archive.")
    database_url: SecretStr | None = Field(
        default=None,
        description="Where jobs are kept: postgresql://user:password@host:port/database, for several machines; "
        "default: a file of the home.",
    )
    database_listen_url: SecretStr | None = Field(
        default=None,
        description="A way to the same database around a pooler, so that processes hear at once of each other's "
        "writes; 'off': only by looking now and then. Default: the URL above, where no pooler stands before it.",
    )
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
    key_is_ours_alone: bool = Field(
        default=False, description="Nobody but this home uses the key: a task of it that is not known is ours."
    )
    accounts: dict[str, AccountSettings] = Field(
        default_factory=dict, description="Further main accounts, by name; those of one region share the work."
    )
    hooks_url: str | None = Field(
        default=None, description="The address EventBridge's rule was given, where it differs from what is listened on."
    )
    hooks_certificate_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Hosts (comma-separated) whose certificates are believed beside EventBridge's own."
    )
    archive: str = Field(
        default="archive",
        description="Where clips are archived: a folder (seen from the home), file:///…, s3://bucket/prefix or "
        "oss://bucket/prefix.",
    )
    archive_key: str = Field(
        default="{project}/{yyyy}/{mm}/{dd}/{job}.mp4",
        description="What a clip is called in the archive: {project} {yyyy} {mm} {dd} {job} {name} {group} {model}, of "
        "which {job} must be there; clips archived before keep their names.",
    )
    archive_region: str | None = Field(
        default=None, description="Region of the archive's bucket; needed for OSS, us-east-1 where not said for S3."
    )
    archive_endpoint: str | None = Field(
        default=None, description="Endpoint of the archive's storage, like an internal one; default: the region's own."
    )
    archive_link_endpoint: str | None = Field(
        default=None, description="Endpoint signed links name, where others cannot reach the archive's."
    )
    archive_public_base: str | None = Field(
        default=None, description="Public address of the archive (a CDN, a public bucket): links are this and the key."
    )
    archive_path_style: bool = Field(
        default=False, description="Name the bucket in the path, not in the host: for storages without such names."
    )
    archive_profile: str | None = Field(
        default=None, description="Profile of the storage's own command line whose credentials are used."
    )
    archive_tags: bool = Field(default=True, description="Tag archived objects with job, model and group.")
    archive_silence_s: float = Field(default=60.0, gt=0, description="Patience for an answer of the archive's storage.")
    archives_max: int = Field(default=8, ge=1, le=64, description="Clips brought home at once.")
    archive_bytes_s: int = Field(
        default=0, ge=0, description="Bytes a second all downloads of clips may take together; 0: as fast as it goes."
    )
    archive_bytes_s_min: int = Field(
        default=16_000, ge=0, description="A result that comes more slowly for a minute is cut and resumed, or put off."
    )
    spool: Path | None = Field(
        default=None,
        description="Folder of the spool, seen from the home; default: HOME/spool. Where several machines have one "
        "home on a network disk: a folder on each machine's own.",
    )
    spool_bytes: int = Field(
        default=20_000_000_000,
        ge=0,
        description="Bytes of the home's disk for clips that wait for a storage that does not answer. No more work is "
        "sent than would fit; 0: no spool, and no such limit.",
    )
    project: str = Field(
        default="default", min_length=1, description="Project of orders that name none; the first part of a clip's key."
    )
    prices: Path | None = Field(
        default=None,
        description="Your own prices, before the catalog's, seen from the home; default: HOME/prices.toml.",
    )
    over_budget: Literal["hold", "refuse"] = Field(
        default="hold", description="What there is no money for waits until there is, or ends at once: hold or refuse."
    )
    slots: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        description='Running tasks allowed per model id ("*": all), as JSON; default: the vendor\'s documented limits.',
    )
    result_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Further hosts results may be fetched from (comma-separated), beside the vendor's."
    )
    notify_command: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Command that gets each notice as JSON on its standard input."
    )
    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description='Names the server may be reached by, beside localhost (comma-separated); "*": any.',
    )
    webhook_private: bool = Field(
        default=False, description="Let webhooks go to private addresses and over plain http: for tests, or a LAN."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Other origins whose pages may call the server (comma-separated), like https://a.example.",
    )
    policy: dict[str, float] = Field(
        default_factory=dict, description="Figures of the life of a job, by name: WANREEL_POLICY__NAME, see below."
    )
    allow_truncate: bool = Field(default=False, description="Send prompts over the model's limit, cut by the vendor.")
    fit: bool = Field(default=False, description="Make pictures that are too large for their model smaller.")
    input_links: Literal["keep", "pass"] = Field(
        default="keep",
        description="Links to inputs: fetched, checked and kept here, or passed on to the vendor unseen.",
    )
    input_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hosts (host or host:port) input links may lead to though they lie in a private network.",
    )
    lint_url: str | None = Field(
        default=None,
        description="Endpoint of the deep lint (OpenAI-compatible), up to /chat/completions; default: the vendor's.",
    )
    lint_model: str = Field(default="qwen-plus", min_length=1, description="Language model the deep lint asks.")
    lint_key: SecretStr | None = Field(
        default=None, description="Key for lint_url; the vendor's key goes only to the vendor."
    )
    judge: Literal["off", "local", "vision"] = Field(
        default="local",
        description="Who looks at finished clips by itself: nobody, this machine, or a vision model as well.",
    )
    judge_url: str | None = Field(
        default=None,
        description="Endpoint of the vision judge (OpenAI-compatible), up to /chat/completions; default: the vendor's.",
    )
    judge_model: str = Field(default="qwen-vl-max", description="The model the vision judge asks.")
    judge_key: SecretStr | None = Field(
        default=None, description="Key for judge_url; the vendor's key goes only to the vendor."
    )
    judge_timeout_s: float = Field(default=60.0, gt=0, description="Patience for an answer of the vision judge.")
    inline_bytes_max: int = Field(default=4_000_000, ge=0, description="Larger local pictures go to temporary storage.")
    input_delivery: Literal["auto", "inline", "upload", "bucket"] = Field(
        default="auto",
        description="How kept inputs reach the vendor: inline where small and else by its temporary storage (auto), "
        "always by one of these, or by a signed link into your own bucket.",
    )
    public_url: str | None = Field(
        default=None, description="Where this server is seen from outside: stable links to clips begin with it."
    )
    shared_links: Literal["serve", "redirect"] = Field(
        default="serve",
        description="What stable links do: serve the bytes, or send the browser on to your bucket, whose answers show "
        "the key and what is told beside the clip, up to five minutes after a revoke.",
    )
    link_life_s: float = Field(
        default=3600.0, ge=1, le=604_800, description="How long a signed link into your storage can be used."
    )
    retention: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description='Days that clips are kept, by project ("*": all others), as JSON; default: for ever.',
    )
    trash_days: float = Field(default=30.0, ge=0, description="Days that a deleted clip can be brought back.")
    input_days: float = Field(
        default=7.0,
        ge=1,
        description="Days that pictures and sounds stay in the home which no job needs: looked at, refused, dry runs.",
    )
    history_days: float = Field(
        default=90.0,
        ge=1,
        description="Days that the feed of events and delivered notices and webhook messages can be read again.",
    )
    engine: Literal["loop", "temporal"] = Field(
        default="loop",
        description="Who says where and when jobs take their steps: each worker's own loop, or a Temporal service.",
    )
    temporal_address: str | None = Field(default=None, description="HOST:PORT of the Temporal service.")
    temporal_namespace: str = Field(default="default", min_length=1, description="Namespace there.")
    temporal_queue: str = Field(
        default="wanreel", min_length=1, description="Task queue there; two homes in one namespace need two."
    )
    temporal_tls: bool = Field(
        default=False, description="Speak TLS with it; a key, a certificate or a CA of its own say so by themselves."
    )
    temporal_ca: Path | None = Field(default=None, description="PEM file with the CA its certificate is checked by.")
    temporal_cert: Path | None = Field(default=None, description="PEM file with our certificate for it.")
    temporal_key: Path | None = Field(default=None, description="PEM file with the key of that certificate.")
    temporal_api_key: SecretStr | None = Field(default=None, description="API key for it.")
    connect_timeout_s: float = Field(default=10.0, gt=0, description="Patience for a connection to the vendor.")
    answer_timeout_s: float = Field(default=60.0, gt=0, description="Patience for an answer of the vendor's API.")

    @field_validator(
        "result_hosts",
        "hooks_certificate_hosts",
        "input_hosts",
        "hosts",
        "cors_origins",
        "notify_command",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object, info: ValidationInfo) -> object:
        """A text is a list: hosts by comma or space, a command by the shell's rules."""
        if not isinstance(value, str):
            return value
        if info.field_name != "notify_command":
            return tuple(value.replace(",", " ").split())
        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise ValueError(f"is not a command as a shell would read it: {error}") from None

    @field_validator("database_listen_url", mode="before")
    @classmethod
    def _a_way(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and text.strip() != "off" and not text.strip().startswith(_POSTGRES):
            raise ValueError("must be postgresql://user:password@host:port/database, or 'off'")
        return value

    @field_validator("database_url", mode="before")
    @classmethod
    def _a_database(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and not text.strip().startswith(_POSTGRES):
            raise ValueError(
                "must be postgresql://user:password@host:port/database; leave it out to keep jobs in a file of the home"
            )
        return value

    @field_validator("spool_bytes")
    @classmethod
    def _room_for_a_clip(cls, value: int) -> int:
        if 0 < value < SPOOL_BYTES_MIN:
            raise ValueError(f"must be 0 (no spool) or at least {SPOOL_BYTES_MIN}: the largest clip must fit")
        return value

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be an http(s) address without a query, such as https://clips.example.com")
        return value.strip().rstrip("/")

    @field_validator("archive", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, Path) else value

    @field_validator("archive_endpoint", "archive_link_endpoint", "archive_public_base")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        bare = parts.username is None and not parts.query and not parts.fragment
        if parts.scheme not in ("http", "https") or not parts.hostname or not bare:
            raise ValueError("must be an http(s) URL of scheme, host and path alone")
        return value

    @field_validator("retention")
    @classmethod
    def _rules_of_projects(cls, value: dict[str, float]) -> dict[str, float]:
        """A rule counts for the project of just that name."""
        for project, days in value.items():
            if project != "*" and not _names_a_project(project):
                raise ValueError(f"has a rule for {project!r}, which names no project: a name as orders have it, or *")
            if not math.isfinite(days):
                raise ValueError(f"must be a number of days for {project}: leave the project out to keep for ever")
        return value

    @field_validator("policy")
    @classmethod
    def _known_figures(cls, value: dict[str, float]) -> dict[str, float]:
        known = {f.name for f in fields(Policy)}
        strange = sorted(set(value) - known)
        if strange:
            raise ValueError(f"no such figure: {', '.join(strange)}; known are {', '.join(sorted(known))}")
        wild = sorted(name for name, figure in value.items() if not math.isfinite(figure) or figure < 0)
        if wild:
            raise ValueError(f"must be a number from 0: {', '.join(wild)}")
        return value

    @property
    def archive_at(self) -> Address:
        """Where clips are archived: never a matter of the folder a command happens to be run in. Raises Invalid."""
        address = address_of(self.archive)
        if address.folder is None:
            return address
        return replace(address, folder=str(self.home / Path(address.folder).expanduser()))

    @property
    def database(self) -> str | None:
        """The URL of the database jobs are kept in; None: a file of the home."""
        return None if self.database_url is None else self.database_url.get_secret_value().strip()

    @property
    def spool_path(self) -> Path:
        """Where clips wait for a storage that does not answer."""
        return self.home / self.spool.expanduser() if self.spool else self.home / "spool"

    @property
    def listen(self) -> str | None:
        """The URL other processes are heard through, or `off`; None: that of the database, if it is direct."""
        return None if self.database_listen_url is None else self.database_listen_url.get_secret_value().strip()

    @property
    def prices_path(self) -> Path:
        """The user's own file of prices."""
        return self.home / self.prices.expanduser() if self.prices else self.home / "prices.toml"

    def figures(self) -> Policy:
        """The policy with the user's figures in it."""
        whole = {f.name for f in fields(Policy) if f.type in (int, "int")}
        return replace(Policy(), **{k: int(v) if k in whole else v for k, v in self.policy.items()})


def load(**given: Any) -> Settings:
    """Settings for a home. `given` values that are None are not given. Raises Invalid, Unavailable."""
    home = home_of(given.get("home"))
    chosen: dict[str, Any] = {k: v for k, v in given.items() if v is not None} | {"home": home}
    config = home / CONFIG_NAME
    _check_config(config)
    try:
        settings = _from(config)(**chosen)
    except ValidationError as error:
        raise _translate(error, config) from None
    except SettingsError:  # its words quote nothing that was set, which is as well; they name no variable either
        names = ", ".join(
            name for name in ("SLOTS", "POLICY", "ACCOUNTS", "RETENTION") if os.environ.get(PREFIX + name)
        )
        raise Invalid("", (Problem(names.lower() or "settings", 'must be JSON, like {"*": 2}'),)) from None
    _ = settings.archive_at  # refused here rather than after something was paid
    return settings


def home_of(given: str | Path | None) -> Path:
    """The home meant by an argument or, without one, by the environment; absolute. Raises Invalid."""
    home = Path(given or os.environ.get(f"{PREFIX}HOME") or "~/.wanreel")
    try:
        return home.expanduser().absolute()
    except RuntimeError:
        raise Invalid("", (Problem("home", "names a user that does not exist", str(home)),)) from None


def stray_variables() -> list[str]:
    """Variables that begin like ours and mean nothing: most likely misspelt."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {LOG_VARIABLE}
    ours = sorted(name for name in os.environ if name.startswith(PREFIX))
    strays = [name for name in ours if name.partition("__")[0] not in known]
    return [name for name in strays if not _is_named(name)] if strays else []


def _names_a_project(text: str) -> bool:
    try:
        return project_name(text) == text
    except Invalid:
        return False


def _is_named(name: str) -> bool:
    """Whether the settings name a variable, as one that holds an account's key."""
    said = [value for other, value in os.environ.items() if other.startswith(f"{PREFIX}ACCOUNTS")]
    with suppress(OSError, UnicodeDecodeError, Invalid):
        said.append((home_of(None) / CONFIG_NAME).read_text("utf-8"))
    return any(name in text for text in said)


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
    except (FileNotFoundError, NotADirectoryError):
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("", (Problem(str(path), f"is not valid TOML: {error}; mend or remove it"),)) from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}; check its permissions") from None


def _translate(error: ValidationError, config: Path) -> Invalid:
    """Pydantic's findings in our words; values are left out, one of them may be the key."""
    problems: list[Problem] = []
    for row in error.errors(include_input=False, include_url=False, include_context=False):
        name = ".".join(str(part) for part in row["loc"]) or "settings"
        words = row["msg"].removeprefix("Value error, ")
        if row["type"] == "extra_forbidden":
            words = f"is no setting; see {config}, or the reference of settings for their names"
        problems.append(Problem(name, words))
    return Invalid("the settings cannot be used", tuple(problems))
