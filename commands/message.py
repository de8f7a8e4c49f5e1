"""Make, check and send a channel message, as a partner's program does; no database."""

import json
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import httpx
import typer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from commands.printing import Json, out, print_json, read_text, refuse
from domain.channel.envelope import Envelope, masked, parse, parse_json
from domain.channel.reply import OK
from domain.channel.signature import ENABLED, canonical, matches, message
from domain.party.partner import ChannelKey, SignType
from domain.refusals import Refusal, text

ENDPOINT: Final = "http://127.0.0.1:8000/channel/v1"
"""Where `zhudai serve` takes messages."""
TIMEOUT: Final = 30.0
"""Seconds to wait for an answer."""
BEGINNING: Final = datetime.min.replace(tzinfo=UTC)

KeyFile = Annotated[Path, typer.Option("--key", help="Shared secret in hex (HMAC-SHA256), or a key in PEM (RSA2).")]
SignAs = Annotated[SignType, typer.Option(help="Signature algorithm, as agreed for the channel.")]


def sign(
    file: Annotated[Path, typer.Argument(metavar="CONTENT", help="Business content, JSON; - for standard input.")],
    *,
    key: KeyFile,
    app_id: Annotated[str, typer.Option(help="The channel's application id.")],
    api_name: Annotated[str, typer.Option(help="The interface, such as credit.apply.")],
    key_id: Annotated[str, typer.Option(help="Which of the channel's keys.")] = "k1",
    sign_type: SignAs = SignType.HMAC_SHA256,
    request_no: Annotated[str | None, typer.Option(help="Traces the request; absent: a random one.")] = None,
) -> None:
    """加签: print a signed message. Example: zhudai message sign c.json --key k --app-id a --api-name loan.query."""
    content = parse_json(read_text(file, "CONTENT").encode())
    if isinstance(content, Refusal):
        _refuse(content)
    if not isinstance(content, dict):
        refuse("MESSAGE_NOT_JSON", "the business content is one JSON object: correct it, see docs of the interface")
    made = message(
        content,
        app_id=app_id,
        api_name=api_name,
        request_no=request_no or f"RQ-{secrets.token_hex(8)}",
        nonce=secrets.token_hex(16),
        timestamp=datetime.now(UTC),
        key=_key(key, key_id=key_id, sign_type=sign_type, private=True),
    )
    read = parse(made)
    if isinstance(read, Refusal):
        _refuse(read)
    sys.stdout.write(made.decode() + "\n")


def verify(
    file: Annotated[Path, typer.Argument(metavar="MESSAGE", help="A message, JSON; - for standard input.")],
    *,
    key: KeyFile,
    sign_type: SignAs = SignType.HMAC_SHA256,
    as_json: Json = False,
) -> None:
    """验签: whether a message is whole and signed with this key. Example: zhudai message verify m.json --key k.

    The time of signing and the nonce are shown and not judged: those are the receiver's to hold against the clock.
    """
    read = parse(read_text(file, "MESSAGE").strip().encode())
    if isinstance(read, Refusal):
        _refuse(read)
    held = _key(key, key_id=read.key_id or "", sign_type=sign_type, private=False)
    valid = read.sign_type == sign_type and matches(canonical(read.fields), read.sign, held)
    told = document(read, valid=valid)
    if as_json:
        print_json(told)
    else:
        for name, value in told.items():
            out.print(f"{name}: {value}", highlight=False, markup=False)
    if not valid:
        refuse("SIGNATURE_INVALID", "the signature is not of this message and key: compare the canonical text")


def send(
    file: Annotated[Path, typer.Argument(metavar="MESSAGE", help="A signed message; - for standard input.")],
    *,
    url: Annotated[str, typer.Option(help="The channel endpoint.")] = ENDPOINT,
    as_json: Json = False,
) -> None:
    """发送: post a message and print the answer. Example: zhudai message send m.json.

    The same business number again gets the same answer; for that, sign again (a nonce is taken once). Exit 1 when the
    message was refused; an application that was declined is an answer like any other.
    """
    raw = read_text(file, "MESSAGE").strip().encode()
    try:
        answered = httpx.post(url, content=raw, headers={"content-type": "application/json"}, timeout=TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        refuse("ENDPOINT_UNREACHABLE", f"{url} did not answer ({error}): is zhudai serve running there?")
    try:
        reply = answered.json()
    except ValueError:
        refuse("REPLY_INVALID", f"{url} answered {answered.status_code} without JSON: is this the channel endpoint?")
    if not isinstance(reply, dict) or "status" not in reply:
        refuse("REPLY_INVALID", f"{url} answered something that is no reply: is this the channel endpoint?")
    if as_json:
        print_json(reply)
    else:
        out.print(json.dumps(reply, ensure_ascii=False, indent=1), highlight=False, markup=False)
    if reply.get("code") != OK:
        refuse(str(reply.get("code")), f"{reply.get('message')}: correct it, sign again and send")


def document(read: Envelope, *, valid: bool) -> dict[str, object]:
    """A message as it was read: header, masked content, and the text that its signature speaks of."""
    return {
        "valid": valid,
        "appId": read.app_id,
        "apiName": read.api_name,
        "apiVersion": read.api_version,
        "requestNo": read.request_no,
        "timestamp": read.timestamp.isoformat(),
        "nonce": read.nonce,
        "signType": read.sign_type,
        "keyId": read.key_id,
        "bizContent": masked(read.content),
    }


def _key(path: Path, *, key_id: str, sign_type: SignType, private: bool) -> ChannelKey:
    """The key in a file, of the kind that the algorithm wants."""
    if sign_type not in ENABLED:
        refuse("SIGN_TYPE_NOT_ENABLED", f"{sign_type} is not enabled: use one of {', '.join(sorted(ENABLED))}")
    written = read_text(path, "--key").strip()
    wanted = "hex"
    try:
        if sign_type is SignType.HMAC_SHA256:
            material = bytes.fromhex(written)
            right = bool(material)
        else:
            wanted = "a private RSA key in PEM" if private else "a public RSA key in PEM"
            material = written.encode()
            found = load_pem_private_key(material, password=None) if private else load_pem_public_key(material)
            right = isinstance(found, RSAPrivateKey | RSAPublicKey)
    except (ValueError, TypeError):
        right, material = False, b""
    if not right:
        refuse("KEY_INVALID", f"{path.name} does not hold {wanted}: give the channel's own key")
    return ChannelKey(key_id=key_id, sign_type=sign_type, material=material, valid_from=BEGINNING)


def _refuse(refusal: Refusal) -> NoReturn:
    where = "" if refusal.field is None else f"{refusal.field}: "
    refuse(refusal.code, f"{where}{text(refusal, 'en')}: correct it and sign again")
