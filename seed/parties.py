"""The demo's parties: the platform, a funder bank, one asset partner with one channel, its key and its route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from domain.channel import operations as channels
from domain.channel.routing import ExtensionField, ExtensionType
from domain.command import Command
from domain.origination.application import DEVICE_FEATURE
from domain.party import operations, queries
from domain.party.partner import Channel, ChannelKey, LenderType, PartyKind, SignType
from domain.party.vault import Vault
from domain.product.version import ProductVersion
from risk.contract import DataType, FeatureContract, FeatureSpec
from seed import german, products
from seed.chart import LENDER_BOOK
from seed.keys import known

APP_ID = "app-market-01"
CHANNEL_CODE = "CH-MARKET"
KEY_ID = "k1"
ACTOR = "seed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who takes part in the demo."""

    platform_id: int
    funder_id: int
    partner_id: int
    channel_id: int
    product: ProductVersion
    key: ChannelKey
    """The channel's shared key, as its partner holds it."""


def channel_key(*, valid_from: datetime) -> ChannelKey:
    """Return the demo channel's HMAC key, the same every time."""
    return ChannelKey(key_id=KEY_ID, sign_type=SignType.HMAC_SHA256, material=known("channel"), valid_from=valid_from)


def open_parties(conn: Connection, *, vault: Vault, from_on: date) -> Parties:
    """Take in the parties, publish the product and open the route; the books are open. Again changes nothing."""
    at = datetime.combine(from_on, datetime.min.time(), UTC)
    command = Command(actor=ACTOR, key="parties", received_at=at)
    platform_id = operations.open_party(
        conn,
        kind=PartyKind.PLATFORM,
        code="PLATFORM",
        name_zh="助贷科技有限公司",
        name_en="Zhudai Ltd",
        command=command,
    )
    funder_id = operations.open_funder(
        conn,
        code="BANK-A",
        name_zh="示范银行股份有限公司",
        name_en="Model Bank",
        lender_type=LenderType.BANK,
        book=LENDER_BOOK,
        command=command,
    )
    partner_id = operations.open_party(
        conn,
        kind=PartyKind.ASSET_PARTNER,
        code="PARTNER-MARKET",
        name_zh="集市电子商务有限公司",
        name_en="Market E-commerce",
        command=command,
    )
    channel_id = operations.open_channel(
        conn,
        party_id=partner_id,
        code=CHANNEL_CODE,
        app_id=APP_ID,
        name_zh="集市商城",
        name_en="Market mall",
        sign_type=SignType.HMAC_SHA256,
        command=command,
    )
    key = channel_key(valid_from=at)
    operations.add_channel_key(conn, channel_id=channel_id, key=key, vault=vault, command=command)
    product = products.publish(conn, funder_id=funder_id, effective_from=from_on)
    channels.open_route(
        conn,
        channel_id=channel_id,
        product_id=product.product_id,
        effective_from=from_on,
        extension=extension(german.contract()),
        command=command,
    )
    return Parties(
        platform_id=platform_id,
        funder_id=funder_id,
        partner_id=partner_id,
        channel_id=channel_id,
        product=product,
        key=key,
    )


def channel(conn: Connection, *, vault: Vault) -> Channel:
    """Return the demo channel."""
    found = queries.channel(conn, APP_ID, vault=vault)
    assert found is not None, "the demo channel is open"
    return found


def extension(features: FeatureContract) -> Mapping[str, ExtensionField]:
    """Return the extension fields of the demo's route: model inputs without a place in the form, and the device."""
    inputs = {spec.name: _field(spec) for spec in features.model_specs if spec.name not in german.FORM_FACTS}
    return {**inputs, DEVICE_FEATURE: ExtensionField(type=ExtensionType.CODE)}


def _field(spec: FeatureSpec) -> ExtensionField:
    """Return one feature as an extension field."""
    low = 0 if spec.minimum is None else int(spec.minimum)
    high = 10**9 if spec.maximum is None else int(spec.maximum)
    match spec.type:
        case DataType.ENUM:
            codes = tuple(level.code for level in spec.levels)
            return ExtensionField(type=ExtensionType.CODE, codes=codes, required=True)
        case DataType.INTEGER:
            return ExtensionField(type=ExtensionType.INTEGER, low=low, high=high, required=True)
        case DataType.DECIMAL:
            return ExtensionField(type=ExtensionType.DECIMAL, required=True)
        case DataType.BOOLEAN:
            return ExtensionField(type=ExtensionType.FLAG, required=True)
