"""Tables of the party schema, exactly as the migration makes them."""

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from domain.metadata import metadata

party = Table(
    "party",
    metadata,
    Column("party_id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "kind", Text, CheckConstraint("kind IN ('PLATFORM', 'FUNDER', 'ASSET_PARTNER', 'GUARANTOR')"), nullable=False
    ),
    Column("code", Text, CheckConstraint("code <> ''"), nullable=False, unique=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("created_by", Text, nullable=False),
    schema="party",
    comment="Legal parties; the ids are the party and funder dimensions of journal lines.",
)
"""Legal parties."""

funder = Table(
    "funder",
    metadata,
    Column("party_id", BigInteger, ForeignKey("party.party.party_id"), primary_key=True),
    Column(
        "lender_type",
        Text,
        CheckConstraint("lender_type IN ('BANK', 'CONSUMER_FINANCE', 'SMALL_LOAN', 'TRUST')"),
        nullable=False,
    ),
    Column("book", Integer, nullable=False),
    schema="party",
    comment="Parties that lend, with the licence that decides their rules and the book they keep.",
)
"""Parties that lend."""

channel = Table(
    "channel",
    metadata,
    Column("channel_id", BigInteger, Identity(always=True), primary_key=True),
    Column("party_id", BigInteger, ForeignKey("party.party.party_id"), nullable=False),
    Column("code", Text, CheckConstraint("code <> ''"), nullable=False, unique=True),
    Column("app_id", Text, CheckConstraint("app_id <> ''"), nullable=False, unique=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("sign_type", Text, CheckConstraint("sign_type IN ('HMAC-SHA256', 'RSA2', 'SM2', 'MD5')"), nullable=False),
    Column("encrypt_type", Text, CheckConstraint("encrypt_type IN ('NONE', 'AES-256-GCM', 'SM4')"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("created_by", Text, nullable=False),
    schema="party",
    comment="Channels of asset partners; each is pinned to one signature algorithm.",
)
"""Channels of asset partners."""

channel_state = Table(
    "channel_state",
    metadata,
    Column("change_id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel_id", BigInteger, ForeignKey("party.channel.channel_id"), nullable=False),
    Column("state", Text, CheckConstraint("state IN ('ACTIVE', 'SUSPENDED')"), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Index("channel_state_latest", "channel_id", text("change_id DESC")),
    schema="party",
    comment="Every opening and suspension of a channel; the latest one counts.",
)
"""Every opening and suspension of a channel."""

channel_key = Table(
    "channel_key",
    metadata,
    Column("channel_id", BigInteger, ForeignKey("party.channel.channel_id"), primary_key=True),
    Column("key_id", Text, CheckConstraint("key_id <> ''"), primary_key=True),
    Column("sign_type", Text, CheckConstraint("sign_type IN ('HMAC-SHA256', 'RSA2', 'SM2', 'MD5')"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("master_key_id", Text, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_to", DateTime(timezone=True)),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    CheckConstraint("valid_to IS NULL OR valid_from < valid_to"),
    schema="party",
    comment="Keys of a channel, sealed by a master key; validities may overlap for rotation.",
)
"""Keys of channels, sealed."""

channel_key_revocation = Table(
    "channel_key_revocation",
    metadata,
    Column("channel_id", BigInteger, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("revoked_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    ForeignKeyConstraint(["channel_id", "key_id"], ["party.channel_key.channel_id", "party.channel_key.key_id"]),
    schema="party",
    comment="Keys that stopped before their time.",
)
"""Keys that stopped before their time."""

customer = Table(
    "customer",
    metadata,
    Column("customer_id", BigInteger, Identity(always=True), primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("created_by", Text, nullable=False),
    schema="party",
    comment="Natural persons as bare ids: all that other modules ever hold.",
)
"""Natural persons as bare ids."""

customer_key = Table(
    "customer_key",
    metadata,
    Column("customer_id", BigInteger, ForeignKey("party.customer.customer_id"), primary_key=True),
    Column("key_no", Integer, nullable=False),
    Column("master_key_id", Text),
    Column("wrapped_key", LargeBinary),
    Column("destroyed_at", DateTime(timezone=True)),
    CheckConstraint("(wrapped_key IS NULL) = (destroyed_at IS NOT NULL)"),
    CheckConstraint("(wrapped_key IS NULL) = (master_key_id IS NULL)"),
    schema="party",
    comment="The data key of each person, wrapped by a master key; without it the sealed values are noise.",
)
"""The data key of each person, wrapped."""

customer_secret = Table(
    "customer_secret",
    metadata,
    Column("secret_id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", BigInteger, ForeignKey("party.customer.customer_id"), nullable=False),
    Column(
        "field",
        Text,
        CheckConstraint("field IN ('name', 'identity_type', 'identity_number', 'mobile')"),
        nullable=False,
    ),
    Column("key_no", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Index("customer_secret_latest", "customer_id", "field", text("secret_id DESC")),
    schema="party",
    comment="Personal data field by field, AES-256-GCM; the latest row of a field counts.",
)
"""Personal data field by field, sealed."""

bank_account = Table(
    "bank_account",
    metadata,
    Column("account_id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", BigInteger, ForeignKey("party.customer.customer_id"), nullable=False),
    Column("key_no", Integer, nullable=False),
    Column("sealed_number", LargeBinary, nullable=False),
    Column("sealed_name", LargeBinary, nullable=False),
    Column("last_four", CHAR(4), nullable=False),
    Column("bank_name", Text, nullable=False),
    Column(
        "account_type",
        Text,
        CheckConstraint("account_type IN ('DEBIT_CARD', 'CREDIT_CARD', 'PASSBOOK', 'CORPORATE')"),
        nullable=False,
    ),
    Column("currency", CHAR(3), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Index("bank_account_customer", "customer_id"),
    schema="party",
    comment="Accounts of customers; number and holder are sealed under the key of the person.",
)
"""Accounts of customers, sealed."""

customer_index = Table(
    "customer_index",
    metadata,
    Column("index_id", BigInteger, Identity(always=True), primary_key=True),
    Column("field", Text, CheckConstraint("field IN ('identity_number', 'mobile', 'account_number')"), nullable=False),
    Column("digest", LargeBinary, CheckConstraint("octet_length(digest) = 32"), nullable=False),
    Column("customer_id", BigInteger, ForeignKey("party.customer.customer_id"), nullable=False),
    Column("account_id", BigInteger, ForeignKey("party.bank_account.account_id")),
    Index("customer_index_identity", "digest", unique=True, postgresql_where=text("field = 'identity_number'")),
    Index(
        "customer_index_account",
        "customer_id",
        "digest",
        unique=True,
        postgresql_where=text("field = 'account_number'"),
    ),
    Index("customer_index_digest", "field", "digest"),
    Index("customer_index_customer", "customer_id"),
    schema="party",
    comment="Blind indexes (HMAC-SHA256): exact values can be found, none can be read.",
)
"""Blind indexes of personal data."""
