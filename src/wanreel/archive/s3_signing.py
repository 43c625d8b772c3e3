"""Who we are to S3, and the proof of it: credentials by the usual chain and V4 signatures, both from botocore.

The chain is the one every AWS tool has: environment, profiles (assumed roles and SSO too), web identity, ECS and EKS,
the instance's role. Asking it may ask the network, and refreshes what is about to run out, so it runs in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from wanreel.archive.storage import StorageTrouble

UNSIGNED = "UNSIGNED-PAYLOAD"  # each part's MD5 is in a signed header; hashing it all once more would prove no more


class _Signature(S3SigV4Auth):
    """Signs the head of a request and leaves its body to `Content-MD5`."""

    def payload(self, request: Any) -> str:
        return UNSIGNED


class Signer:
    """Signs requests and links for one region."""

    def __init__(self, region: str, profile: str | None = None, session: Session | None = None) -> None:
        self._region = region
        self._session: Any = session or Session(profile=profile)
        self._chain: Any = None

    async def signed(self, method: str, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with the signature among them. Raises StorageTrouble when there are no credentials."""
        request: Any = AWSRequest(method=method, url=url, headers=dict(headers))
        cast("Any", _Signature(await self._credentials(), "s3", self._region)).add_auth(request)
        return dict(request.headers)

    async def link(self, url: str, life_s: float) -> str:
        """The URL with a signature in it that holds for so long. Raises StorageTrouble."""
        request: Any = AWSRequest(method="GET", url=url)
        signature: Any = S3SigV4QueryAuth(await self._credentials(), "s3", self._region, expires=int(life_s))
        signature.add_auth(request)
        return str(request.url)

    async def _credentials(self) -> Any:
        try:
            found = await asyncio.to_thread(self._ask)
        except BotoCoreError as error:
            raise StorageTrouble(f"no credentials for S3: {error}", again=True) from error
        if found is None:
            raise StorageTrouble(
                "no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile "
                "(WANREEL_ARCHIVE_PROFILE), or run where a role is given"
            )
        return found

    def _ask(self) -> Any:
        if self._chain is None:
            self._chain = self._session.get_credentials()
        return None if self._chain is None else self._chain.get_frozen_credentials()
