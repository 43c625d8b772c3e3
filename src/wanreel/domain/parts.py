"""Which pictures and sounds a request needs, which it must not have, and whether each can play its part."""

from __future__ import annotations

from wanreel.domain.image import ImageFacts, advise_image, check_image, format_of
from wanreel.domain.model import Model
from wanreel.domain.reading import Findings
from wanreel.domain.request import AUDIO, FIRST_FRAME, LAST_FRAME, ROLES, Draft, Link, Media, Stored

AUDIO_BYTES_MAX = 15 * 1024 * 1024  # FS §2.1
URL_CHARS_MAX = 4096
_AUDIO_MIMES = ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/mpeg", "audio/mp3")


def check_parts(draft: Draft, model: Model, mode: str, find: Findings) -> tuple[Media, ...]:
    """The draft's media, everything wrong with them noted."""
    for item in draft.media:
        _source(item, find)
    if model.checked:
        _parts(draft, model, mode, find)
        for item in draft.media:
            _picture(item, model, find)
    return draft.media


def _parts(draft: Draft, model: Model, mode: str, find: Findings) -> None:
    """Which parts are there, once each, and which are missing."""
    roles = [m.role for m in draft.media]
    strange = sorted(set(roles) - set(ROLES))
    for role in strange:
        if role == "image_url":
            find.wrong(role, "is not a name the vendor knows: use img_url, or give the picture as first_frame")
        else:
            find.warn(f"media of role {role} is passed through unchecked")
    taken = {role for role, _ in (*model.fields, *model.media_types)}
    for role in ROLES:
        if roles.count(role) > 1:
            find.wrong(role, "can be given once only", f"{roles.count(role)} times")
        if role in roles and (role not in taken or (mode == "i2v" and role == LAST_FRAME)):
            find.wrong(role, _not_taken(role, model, mode))
        elif role in roles and mode == "t2v" and role != AUDIO:
            find.wrong(role, "has no place in text to video: leave it out, or ask for i2v or kf2v")
    if strange:
        return  # another function of the vendor's: which parts it needs is its business
    if mode in ("i2v", "kf2v") and FIRST_FRAME not in roles:
        find.wrong(FIRST_FRAME, f"{model.id} needs a picture (first_frame): a local file or a URL")
    if mode == "kf2v":
        templated = bool(draft.template) and "template" in model.features
        if LAST_FRAME not in roles and not templated:
            find.wrong(LAST_FRAME, f"{model.id} needs a last frame too" + _template_hint(model))
        elif LAST_FRAME in roles and templated:
            find.wrong(LAST_FRAME, "a template works from the first frame alone: leave one of them out")


def _template_hint(model: Model) -> str:
    return ", unless a template is used" if "template" in model.features else ""


def _not_taken(role: str, model: Model, mode: str) -> str:
    if role == AUDIO:
        if model.id.startswith("wan3"):
            return f"{model.id} takes no sound track: sound is given as media of role reference_audio, without frames"
        return f"{model.id} takes no sound file: the models from 2.5 to 2.7 do"
    if role == LAST_FRAME and mode == "i2v":
        return f"{model.id} starts from one picture: use a kf2v model for first and last frame"
    wanted = "an i2v model" if role == FIRST_FRAME else "a kf2v model"
    return f"{model.id} takes no {role}: use {wanted}"


def _picture(item: Media, model: Model, find: Findings) -> None:
    source = item.source
    if isinstance(source, Link) or item.role not in (FIRST_FRAME, LAST_FRAME):
        return
    kind = format_of(source.mime)
    facts = ImageFacts(kind, source.width, source.height, source.has_alpha, source.size_bytes, source.name)
    find.problems.extend(check_image(facts, model, item.role))
    for advice in advise_image(facts, model, item.role):
        find.warn(advice)


def _source(item: Media, find: Findings) -> None:
    """Whether the vendor could fetch a link at all, and whether a stored file can play its part."""
    source = item.source
    if isinstance(source, Stored):
        if item.role == AUDIO and source.mime not in _AUDIO_MIMES:
            find.wrong(AUDIO, "must be wav or mp3: convert it", source.mime)
        if item.role == AUDIO and source.size_bytes > AUDIO_BYTES_MAX:
            find.wrong(AUDIO, "must not be larger than 15 MB", f"{source.size_bytes / 1048576:.1f} MB")
        return
    url = source.url
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2].lower()
    if url.startswith("data:"):
        find.wrong(item.role, "give the file itself, not a data: URL; it is sent inline where it is small", "data:…")
    elif scheme.lower() not in ("http", "https", "oss") or not host or any(c.isspace() for c in url):
        find.wrong(item.role, "must be a local file, or an http, https or oss URL", url)
    elif len(url) > URL_CHARS_MAX or not url.isprintable():
        find.wrong(item.role, f"must be a printable URL of at most {URL_CHARS_MAX} characters", url)
    elif host.startswith(("localhost", "127.", "[::1]", "10.", "192.168.")):
        find.warn(f"{item.role}: the vendor fetches {scheme}://{host} itself and will hardly reach it")
