"""Knocks at a webhook's door without saying anything: is the name known, may one go there, does it open, with TLS."""

from __future__ import annotations

import asyncio
import ssl

from wanreel.domain.errors import Invalid
from wanreel.notify.addresses import PublicResolver, target_of

PATIENCE_S = 5.0


async def knock(url: str, *, private: bool, patience_s: float = PATIENCE_S) -> str:
    """What is wrong with a place, in words; "" for nothing. It is connected to as the courier does, and let go."""
    try:
        target = target_of(url, private=private)
    except Invalid as wrong:
        return wrong.problems[0].message
    host, port = target.raw_host or "", target.port or 443
    try:
        async with asyncio.timeout(patience_s):
            found = await PublicResolver(private=private).resolve(host, port)
    except TimeoutError:
        return f"the name {host} was not found within {patience_s:g} s"
    except OSError as error:
        return str(error.args[-1]) if "private" in str(error) else f"the name {host} leads nowhere"
    secure = ssl.create_default_context() if target.scheme == "https" else None
    words = ""
    for row in found:
        try:
            async with asyncio.timeout(patience_s):
                opened = asyncio.open_connection(
                    row["host"], port, ssl=secure, server_hostname=host if secure else None
                )
                _, writer = await opened
        except TimeoutError:
            words = f"{host} does not answer at port {port}"
        except ssl.SSLError as error:
            words = f"{host}'s TLS is amiss: {getattr(error, 'verify_message', '') or error.reason or error}"
        except OSError as error:
            words = f"{host} takes no connections at port {port} ({error.strerror or error})"
        else:
            writer.close()
            return ""
    return words
