"""Signed result URLs in the shape of OSS V1 query signatures, and what they answer when wrong or old (§8)."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha1
from urllib.parse import quote

from wanreel.emulator.chance import digest, uuid
from wanreel.emulator.hours import iso, local_day
from wanreel.emulator.replies import Reply, xml_reply

ACCESS_ID = "LTAI5tWanreelEmulator01"
PREFIX = "/results/"
BUCKET = "dashscope-result-local"
_INSTANT = re.compile(r"[0-9]{1,11}")  # more digits are no instant any calendar here can write


def result_key(task_id: str, at: float) -> str:
    """The object's key: ``1d/<2 hex>/<YYYYMMDD>/<8 hex>/<uuid>.mp4``."""
    marks = digest("result", task_id).hex()
    return f"1d/{marks[:2]}/{local_day(at)}/{marks[2:10]}/{uuid('result', task_id)}.mp4"


@lru_cache(maxsize=1024)
def sign(key: str, expires: int, secret: str, verb: str = "GET") -> str:
    """Base64 of the HMAC-SHA1 that covers verb, expiry and resource."""
    text = f"{verb}\n\n\n{expires}\n/{BUCKET}/{key}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), sha1).digest()).decode()


def signed_url(host_url: str, key: str, expires: int, secret: str) -> str:
    """A GET-signed address of a result on the emulator's own host."""
    signature = quote(sign(key, expires, secret), safe="")
    return f"{host_url}{PREFIX}{key}?Expires={expires}&OSSAccessKeyId={ACCESS_ID}&Signature={signature}"


def refused(verb: str, key: str, query: Mapping[str, str], secret: str, now: float, oss_id: str) -> Reply | None:
    """The object store's refusal of an unsigned, forged, expired or wrongly verbed address; None when it is good."""
    expires = query.get("Expires", "")
    if not _INSTANT.fullmatch(expires) or "Signature" not in query:
        words = "You have no right to access this object because of bucket acl."
        return xml_reply(403, "AccessDenied", words, oss_id, BUCKET)
    good = sign(key, int(expires), secret, verb)
    if query.get("OSSAccessKeyId") != ACCESS_ID:
        return xml_reply(
            403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist.", oss_id, BUCKET
        )
    if now > int(expires):
        extra = f"  <Expires>{iso(float(expires))}</Expires>\n  <ServerTime>{iso(now)}</ServerTime>\n"
        return xml_reply(403, "AccessDenied", "Request has expired.", oss_id, BUCKET, extra)
    if not hmac.compare_digest(query["Signature"].encode(), good.encode()):
        words = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        )
        return xml_reply(403, "SignatureDoesNotMatch", words, oss_id, BUCKET)
    return None


def not_found(oss_id: str) -> Reply:
    """The answer for an object that was cleared away."""
    return xml_reply(404, "NoSuchKey", "The specified key does not exist.", oss_id, BUCKET)
