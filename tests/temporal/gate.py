"""A gate before a Temporal service, as others have one: TLS, certificates of clients, a key in each question."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hpack import Decoder, Encoder

from tests.guests import serving

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA_MAX = 64 * 1024
HEADERS, SETTINGS = 1, 4
ENDS, WHOLE, ACK = 0x1, 0x4, 0x1
PADDED, WITH_PRIORITY = 0x8, 0x20
UNAUTHENTICATED = "16"


@dataclass(frozen=True)
class Papers:
    """Files in PEM: a CA, and what it has signed."""

    folder: Path
    ca: Path
    cert: Path
    key: Path


def papers(folder: Path, name: str = "localhost") -> Papers:
    """A new CA, and one certificate of its, good for a server of that name and for a client."""
    folder.mkdir(parents=True)
    today = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    ca_key, own_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CA of {folder.name}")])

    def build(subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today)
            .not_valid_after(today + dt.timedelta(days=36_500))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        )

    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    ca = build(ca_name, ca_key, authority=True).add_extension(usage, critical=True).sign(ca_key, hashes.SHA256())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    own = build(subject, own_key, authority=False).add_extension(names, critical=False)
    cert = own.add_extension(uses, critical=False).sign(ca_key, hashes.SHA256())
    made = Papers(folder, folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    made.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    made.cert.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    made.key.write_bytes(own_key.private_bytes(serialization.Encoding.PEM, form, plain))
    return made


@asynccontextmanager
async def gate(behind: int, own: Papers, *, clients: Papers | None = None, api_key: str = "") -> AsyncGenerator[int]:
    """TLS before a port of this machine; its port. `clients`: whose CA must have signed what a client shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.cert, own.key)
    context.set_alpn_protocols(["h2"])
    if clients is not None:
        context.load_verify_locations(clients.ca)
        context.verify_mode = ssl.CERT_REQUIRED

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _guest(reader, writer, behind, api_key)

    async with serving(serve, context) as port:
        yield port


async def _guest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behind: int, api_key: str) -> None:
    """One connection: let through to the service, or answered as one that is not let in."""
    met = b""
    if api_key:
        met = await _met(reader, writer, api_key)
    to_reader, to_writer = await asyncio.open_connection("127.0.0.1", behind)
    to_writer.write(met)
    ways = [asyncio.ensure_future(_flow(reader, to_writer)), asyncio.ensure_future(_flow(to_reader, writer))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        to_writer.transport.abort()


async def _flow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(DATA_MAX):
            writer.write(data)
            await writer.drain()


async def _met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, api_key: str) -> bytes:
    """What came up to the first question, if that has the key. Without it every question is answered with a no, until
    the other side hangs up. Raises IncompleteReadError then.
    """
    met = await reader.readexactly(len(PREFACE))
    decoder, encoder, greeted = Decoder(), Encoder(), False
    while True:
        head = await reader.readexactly(9)
        body = await reader.readexactly(int.from_bytes(head[:3]))
        met += head + body
        if head[3] != HEADERS:
            if not greeted:  # a client may wait for this before it asks
                greeted = True
                writer.write(_frame(SETTINGS, 0, 0, b""))
            continue
        asked = {str(name): str(value) for name, value in decoder.decode(_block(head[4], body))}
        if asked.get("authorization") == f"Bearer {api_key}":
            return met
        no = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", UNAUTHENTICATED)]
        words = encoder.encode([*no, ("grpc-message", "no such key")])
        writer.write(_frame(HEADERS, ENDS | WHOLE, int.from_bytes(head[5:9]) & 0x7FFFFFFF, words))
        await writer.drain()


def _block(flags: int, body: bytes) -> bytes:
    """The headers in a frame, without padding and priority."""
    padding = body[0] if flags & PADDED else 0
    begins = (1 if flags & PADDED else 0) + (5 if flags & WITH_PRIORITY else 0)
    return body[begins : len(body) - padding]


def _frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return len(body).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + body
