-- Purpose: who takes part (parties, funders, channels and their keys, customers with their sealed personal data), what
-- is lent (immutable product versions, made by one person and approved by another), and how partners' messages come in
-- (nonces, routes, accepted messages with their stored answers).
--
-- Facts are append-only: the application may SELECT and INSERT. The two exceptions serve the erasure of a person and
-- are explained where they are granted.

-- ---------------------------------------------------------------------------------------------------------------- party

CREATE SCHEMA party AUTHORIZATION zhudai_owner;
GRANT USAGE ON SCHEMA party TO zhudai_app;
SET LOCAL ROLE zhudai_owner;

CREATE TABLE party.party (
    party_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('PLATFORM', 'FUNDER', 'ASSET_PARTNER', 'GUARANTOR')),
    code        text NOT NULL UNIQUE CHECK (code <> ''),
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL
);
COMMENT ON TABLE party.party IS 'Legal parties; the ids are the party and funder dimensions of journal lines.';

CREATE TABLE party.funder (
    party_id     bigint PRIMARY KEY REFERENCES party.party,
    lender_type  text NOT NULL CHECK (lender_type IN ('BANK', 'CONSUMER_FINANCE', 'SMALL_LOAN', 'TRUST')),
    book         integer NOT NULL
);
COMMENT ON TABLE party.funder IS 'Parties that lend, with the licence that decides their rules and the book they keep.';

CREATE TABLE party.channel (
    channel_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party_id      bigint NOT NULL REFERENCES party.party,
    code          text NOT NULL UNIQUE CHECK (code <> ''),
    app_id        text NOT NULL UNIQUE CHECK (app_id <> ''),
    name_zh       text NOT NULL,
    name_en       text NOT NULL,
    sign_type     text NOT NULL CHECK (sign_type IN ('HMAC-SHA256', 'RSA2', 'SM2', 'MD5')),
    encrypt_type  text NOT NULL CHECK (encrypt_type IN ('NONE', 'AES-256-GCM', 'SM4')),
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL
);
COMMENT ON TABLE party.channel IS 'Channels of asset partners; each is pinned to one signature algorithm.';

CREATE TABLE party.channel_state (
    change_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id   bigint NOT NULL REFERENCES party.channel,
    state        text NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED')),
    recorded_at  timestamptz NOT NULL,
    actor        text NOT NULL
);
COMMENT ON TABLE party.channel_state IS 'Every opening and suspension of a channel; the latest one counts.';
CREATE INDEX channel_state_latest ON party.channel_state (channel_id, change_id DESC);

CREATE TABLE party.channel_key (
    channel_id     bigint NOT NULL REFERENCES party.channel,
    key_id         text NOT NULL CHECK (key_id <> ''),
    sign_type      text NOT NULL CHECK (sign_type IN ('HMAC-SHA256', 'RSA2', 'SM2', 'MD5')),
    sealed         bytea NOT NULL,
    master_key_id  text NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_to       timestamptz,
    recorded_at    timestamptz NOT NULL,
    actor          text NOT NULL,
    PRIMARY KEY (channel_id, key_id),
    CHECK (valid_to IS NULL OR valid_from < valid_to)
);
COMMENT ON TABLE party.channel_key IS 'Keys of a channel, sealed by a master key; validities may overlap for rotation.';

CREATE TABLE party.channel_key_revocation (
    channel_id  bigint NOT NULL,
    key_id      text NOT NULL,
    revoked_at  timestamptz NOT NULL,
    actor       text NOT NULL,
    PRIMARY KEY (channel_id, key_id),
    FOREIGN KEY (channel_id, key_id) REFERENCES party.channel_key
);
COMMENT ON TABLE party.channel_key_revocation IS 'Keys that stopped before their time.';

CREATE TABLE party.customer (
    customer_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL
);
COMMENT ON TABLE party.customer IS 'Natural persons as bare ids: all that other modules ever hold.';

CREATE TABLE party.customer_key (
    customer_id    bigint PRIMARY KEY REFERENCES party.customer,
    key_no         integer NOT NULL,
    master_key_id  text,
    wrapped_key    bytea,
    destroyed_at   timestamptz,
    CHECK ((wrapped_key IS NULL) = (destroyed_at IS NOT NULL)),
    CHECK ((wrapped_key IS NULL) = (master_key_id IS NULL))
);
COMMENT ON TABLE party.customer_key IS 'The data key of each person, wrapped by a master key; without it the sealed values are noise.';

CREATE TABLE party.customer_secret (
    secret_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id  bigint NOT NULL REFERENCES party.customer,
    field        text NOT NULL CHECK (field IN ('name', 'identity_type', 'identity_number', 'mobile')),
    key_no       integer NOT NULL,
    sealed       bytea NOT NULL,
    recorded_at  timestamptz NOT NULL,
    actor        text NOT NULL
);
COMMENT ON TABLE party.customer_secret IS 'Personal data field by field, AES-256-GCM; the latest row of a field counts.';
CREATE INDEX customer_secret_latest ON party.customer_secret (customer_id, field, secret_id DESC);

CREATE TABLE party.bank_account (
    account_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id    bigint NOT NULL REFERENCES party.customer,
    key_no         integer NOT NULL,
    sealed_number  bytea NOT NULL,
    sealed_name    bytea NOT NULL,
    last_four      char(4) NOT NULL,
    bank_name      text NOT NULL,
    account_type   text NOT NULL CHECK (account_type IN ('DEBIT_CARD', 'CREDIT_CARD', 'PASSBOOK', 'CORPORATE')),
    currency       char(3) NOT NULL,
    recorded_at    timestamptz NOT NULL,
    actor          text NOT NULL
);
COMMENT ON TABLE party.bank_account IS 'Accounts of customers; number and holder are sealed under the key of the person.';
CREATE INDEX bank_account_customer ON party.bank_account (customer_id);

CREATE TABLE party.customer_index (
    index_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    field        text NOT NULL CHECK (field IN ('identity_number', 'mobile', 'account_number')),
    digest       bytea NOT NULL CHECK (octet_length(digest) = 32),
    customer_id  bigint NOT NULL REFERENCES party.customer,
    account_id   bigint REFERENCES party.bank_account
);
COMMENT ON TABLE party.customer_index IS 'Blind indexes (HMAC-SHA256): exact values can be found, none can be read.';
CREATE UNIQUE INDEX customer_index_identity ON party.customer_index (digest) WHERE field = 'identity_number';
CREATE UNIQUE INDEX customer_index_account ON party.customer_index (customer_id, digest) WHERE field = 'account_number';
CREATE INDEX customer_index_digest ON party.customer_index (field, digest);
CREATE INDEX customer_index_customer ON party.customer_index (customer_id);

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA party TO zhudai_app;
-- Erasure of a person is the destruction of the wrapped key; nothing else of the row may change.
GRANT UPDATE (master_key_id, wrapped_key, destroyed_at) ON party.customer_key TO zhudai_app;
-- A blind index of an erased person would still tell that the person was here, so it goes with the key.
GRANT DELETE ON party.customer_index TO zhudai_app;

RESET ROLE;

-- -------------------------------------------------------------------------------------------------------------- product

CREATE SCHEMA product AUTHORIZATION zhudai_owner;
GRANT USAGE ON SCHEMA product TO zhudai_app;
SET LOCAL ROLE zhudai_owner;

CREATE TABLE product.product (
    product_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE CHECK (code <> ''),
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL
);
COMMENT ON TABLE product.product IS 'Products over all their versions; the id is the scheme dimension of journal lines.';

CREATE TABLE product.proposal (
    proposal_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id    bigint NOT NULL REFERENCES product.product,
    version       integer NOT NULL CHECK (version > 0),
    content       jsonb NOT NULL,
    content_hash  char(64) NOT NULL,
    proposed_at   timestamptz NOT NULL,
    proposed_by   text NOT NULL,
    key           text NOT NULL,
    UNIQUE (proposed_by, key)
);
COMMENT ON TABLE product.proposal IS 'Drafts that a maker has put forward; a checker publishes them or they stay drafts.';

CREATE TABLE product.version (
    product_id      bigint NOT NULL REFERENCES product.product,
    version         integer NOT NULL CHECK (version > 0),
    content         jsonb NOT NULL,
    content_hash    char(64) NOT NULL UNIQUE,
    effective_from  date NOT NULL,
    proposal_id     bigint NOT NULL UNIQUE REFERENCES product.proposal,
    proposed_by     text NOT NULL,
    published_at    timestamptz NOT NULL,
    published_by    text NOT NULL,
    PRIMARY KEY (product_id, version),
    CHECK (proposed_by <> published_by)
);
COMMENT ON TABLE product.version IS 'Published versions, immutable; a loan keeps its version for life.';
CREATE INDEX version_effective ON product.version (product_id, effective_from DESC, version DESC);

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA product TO zhudai_app;

RESET ROLE;

-- -------------------------------------------------------------------------------------------------------------- channel

CREATE SCHEMA channel AUTHORIZATION zhudai_owner;
GRANT USAGE ON SCHEMA channel TO zhudai_app;
SET LOCAL ROLE zhudai_owner;

CREATE TABLE channel.route (
    channel_id      bigint NOT NULL REFERENCES party.channel,
    product_id      bigint NOT NULL REFERENCES product.product,
    effective_from  date NOT NULL,
    effective_to    date,
    extension       jsonb NOT NULL,
    recorded_at     timestamptz NOT NULL,
    actor           text NOT NULL,
    PRIMARY KEY (channel_id, product_id, effective_from),
    CHECK (effective_to IS NULL OR effective_from < effective_to)
);
COMMENT ON TABLE channel.route IS 'Which products a channel may apply for, when, and with which typed extension fields; no route, no flow.';

CREATE TABLE channel.nonce (
    app_id       text NOT NULL,
    nonce        text NOT NULL,
    received_at  timestamptz NOT NULL,
    PRIMARY KEY (app_id, nonce)
);
COMMENT ON TABLE channel.nonce IS 'Nonces of messages whose signature was right: seen once, refused ever after, on every node and after restart.';

CREATE TABLE channel.message (
    message_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id       bigint NOT NULL REFERENCES party.channel,
    api_name         text NOT NULL,
    business_no      text NOT NULL CHECK (business_no <> ''),
    request_no       text NOT NULL,
    content_hash     bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    masked           jsonb NOT NULL,
    answer           jsonb NOT NULL,
    product_id       bigint,
    product_version  integer,
    flow             text[],
    received_at      timestamptz NOT NULL,
    UNIQUE (channel_id, api_name, business_no),
    FOREIGN KEY (product_id, product_version) REFERENCES product.version (product_id, version)
);
COMMENT ON TABLE channel.message IS 'Accepted messages that changed something, masked, with the answer that every repetition gets again and the product version and flow they were routed to.';
CREATE INDEX message_received ON channel.message (channel_id, received_at);

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA channel TO zhudai_app;

RESET ROLE;
