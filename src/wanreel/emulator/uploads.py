"""Temporary uploads: policies that live minutes, files bound to an account and a model for 48 h (fact sheet §7)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from wanreel.emulator.chance import uuid
from wanreel.emulator.hours import iso, local_day
from wanreel.emulator.replies import Reply, xml_reply

ACCESS_ID = "LTAI5tWanreelUploads001"
BUCKET = "dashscope-instant"
HOST_PATH = "/_oss/dashscope-instant"
POLICY_LIFE_S = 300
FILE_LIFE_S = 48 * 3600.0
FILE_MB_MAX = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """An uploaded file: who may use it, for which model, until when, and what its bytes hash to."""

    key: str
    account: str
    model: str
    expires_at: float
    sha256: str

    def usable(self, account: str, model: str, now: float) -> bool:
        """Whether this account may use it for this model now."""
        return self.account == account and self.model == model and now <= self.expires_at


def policy_data(owner: tuple[str, str], number: int, secret: str, host_url: str, now: float) -> dict[str, Any]:
    """The ``data`` of a getPolicy answer for an account and a model."""
    account, model = owner
    directory = f"dashscope-instant/{uuid('dir', account, model)[:32].replace('-', '')}/{local_day(now)}"
    directory += f"/{uuid('upload', secret, number)}"
    document = {
        "expiration": iso(now + POLICY_LIFE_S),
        "expires_at": now + POLICY_LIFE_S,
        "conditions": [
            ["content-length-range", 0, FILE_MB_MAX * 1024 * 1024],
            ["starts-with", "$key", directory],
            {"account": account, "model": model},
        ],
    }
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    return {
        "policy": policy,
        "signature": _signature(policy, secret),
        "upload_dir": directory,
        "upload_host": f"{host_url}{HOST_PATH}",
        "expire_in_seconds": POLICY_LIFE_S,
        "max_file_size_mb": FILE_MB_MAX,
        "capacity_limit_mb": 999999999,
        "oss_access_key_id": ACCESS_ID,
        "x_oss_object_acl": "private",
        "x_oss_forbid_overwrite": "true",
    }


def accept(fields: Mapping[str, str], file: tuple[str, int], secret: str, now: float, oss_id: str) -> Kept | Reply:
    """Check a form upload (fields, hash and length of the file) against its policy.

    The file to keep, or the object store's refusal.
    """
    (sha256, size_bytes), host = file, BUCKET
    policy = fields.get("policy", "")
    if fields.get("OSSAccessKeyId") != ACCESS_ID:
        return xml_reply(403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist.", oss_id, host)
    if not hmac.compare_digest(fields.get("Signature", "").encode(), _signature(policy, secret).encode()):
        words = "The request signature we calculated does not match the signature you provided."
        return xml_reply(403, "SignatureDoesNotMatch", words, oss_id, host)
    document = json.loads(base64.b64decode(policy))
    if now > document["expires_at"]:
        words = "Invalid according to Policy: Policy expired."
        return xml_reply(403, "AccessDenied", words, oss_id, host)
    (_, _, bytes_max), (_, _, directory), bound = document["conditions"]
    key = fields.get("key", "")
    if not key.startswith(f"{directory}/"):
        words = "Invalid according to Policy: Policy Condition failed: [&quot;starts-with&quot;, &quot;$key&quot;]"
        return xml_reply(403, "AccessDenied", words, oss_id, host)
    if size_bytes > bytes_max:
        words = "Your proposed upload exceeds the maximum allowed size"
        return xml_reply(400, "EntityTooLarge", words, oss_id, host)
    return Kept(key, bound["account"], bound["model"], now + FILE_LIFE_S, sha256)


def stored(fields: Mapping[str, str], oss_id: str) -> Reply:
    """The empty answer to a good upload, with the status its form asked for."""
    status = fields.get("success_action_status", "")
    headers = {"x-oss-request-id": oss_id, "server": "AliyunOSS", "content-type": "application/xml"}
    return Reply(int(status) if status in ("200", "201", "204") else 204, b"", headers)


def _signature(policy: str, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), policy.encode(), sha1).digest()).decode()
