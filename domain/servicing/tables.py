"""Tables of the servicing schema, as revisions 0006, 0011, 0012 and 0013 of `migrations/versions/` make them."""

from sqlalchemy import (
    ARRAY,
    CHAR,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.metadata import metadata

loan = Table(
    "loan",
    metadata,
    Column("loan_id", BigInteger, Identity(always=False), nullable=False),
    Column("application_id", BigInteger, nullable=False),
    Column("product_id", BigInteger, nullable=False),
    Column("product_version", Integer, nullable=False),
    Column("book", Integer, nullable=False),
    Column("platform_book", Integer, nullable=False),
    Column("funder_id", BigInteger, nullable=False),
    Column("party_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("principal", BigInteger, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("rate_annual", Numeric(16, 12), nullable=False),
    Column("penalty_rate_annual", Numeric(16, 12), nullable=False),
    Column("term_months", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("day_count", Text, nullable=False),
    Column("rounding", Text, nullable=False),
    Column("grace_days", Integer, nullable=False),
    Column("allocation_order", ARRAY(Text), nullable=False),
    Column("allocation_by", Text, nullable=False),
    Column("service_fee", BigInteger, nullable=False),
    Column("start_on", Date, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("loan_id", name="loan_pkey"),
    UniqueConstraint("application_id", name="loan_of_application_once"),
    ForeignKeyConstraint(
        ["product_id", "product_version"],
        ["product.version.product_id", "product.version.version"],
        name="loan_of_version",
    ),
    CheckConstraint("principal > 0", name="loan_principal_positive"),
    CheckConstraint("rate_annual >= 0 AND penalty_rate_annual >= 0", name="loan_rates_not_negative"),
    CheckConstraint("term_months > 0", name="loan_term_positive"),
    CheckConstraint("grace_days >= 0", name="loan_grace_not_negative"),
    CheckConstraint("service_fee >= 0", name="loan_service_fee_not_negative"),
    schema="servicing",
    comment="The contract as it was made; amounts in minor units, rates as fractions per year.",
)
"""The contract as it was made."""

schedule_version = Table(
    "schedule_version",
    metadata,
    Column("loan_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("loan_id", "version", name="schedule_version_pkey"),
    ForeignKeyConstraint(["loan_id"], ["servicing.loan.loan_id"], name="schedule_version_of_loan"),
    CheckConstraint("version >= 1", name="schedule_version_counts"),
    CheckConstraint(
        "reason IN ('ORIGINAL', 'VALUE_DATE', 'DISBURSE_CANCEL', 'EARLY_SETTLEMENT', 'REVERSAL', 'DISBURSEMENT',"
        " 'REPAYMENT', 'PREPAYMENT', 'CHARGE', 'WAIVER', 'CHARGEBACK', 'REFUND', 'RATE_CHANGE', 'RESCHEDULE', 'RE_AGE',"
        " 'RE_AMORTISE', 'ACCELERATED', 'CHARGE_OFF', 'WRITE_OFF', 'RECOVERY', 'TRANSFER', 'CANCELLED',"
        " 'INTEREST_PAUSE')",
        name="schedule_version_reason_known",
    ),
    schema="servicing",
    comment="Why each schedule exists; the highest version is in force.",
)
"""Why each schedule exists."""

instalment = Table(
    "instalment",
    metadata,
    Column("loan_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("no", Integer, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("principal", BigInteger, nullable=False),
    Column("interest", BigInteger, nullable=False),
    PrimaryKeyConstraint("loan_id", "version", "no", name="instalment_pkey"),
    ForeignKeyConstraint(
        ["loan_id", "version"],
        ["servicing.schedule_version.loan_id", "servicing.schedule_version.version"],
        name="instalment_of_schedule",
    ),
    CheckConstraint("no >= 1", name="instalment_no_counts"),
    CheckConstraint("from_on <= due_on", name="instalment_period_forward"),
    CheckConstraint("principal >= 0 AND interest >= 0", name="instalment_amounts_not_negative"),
    CheckConstraint("from_on < due_on OR interest = 0", name="instalment_no_days_no_interest"),
    schema="servicing",
    comment="One line of a schedule version: interest for [from_on, due_on), amounts in minor units.",
)
"""One line of a schedule version."""

loan_event = Table(
    "loan_event",
    metadata,
    Column("event_id", BigInteger, Identity(always=True), nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("entry_id", BigInteger),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("event_id", name="loan_event_pkey"),
    ForeignKeyConstraint(["loan_id"], ["servicing.loan.loan_id"], name="loan_event_of_loan"),
    CheckConstraint(
        "kind IN ('INSTRUCTED', 'DISBURSED', 'DISBURSEMENT_FAILED', 'REPAID',"
        " 'OVERPAYMENT_APPLIED', 'REVERSED', 'OVERDUE', 'SETTLED')",
        name="loan_event_kind_known",
    ),
    Index("loan_event_by_loan", "loan_id", "event_id"),
    Index("loan_event_instructed_once", "loan_id", unique=True, postgresql_where=text("kind = 'INSTRUCTED'")),
    Index(
        "loan_event_answered_once",
        "loan_id",
        unique=True,
        postgresql_where=text("kind IN ('DISBURSED', 'DISBURSEMENT_FAILED')"),
    ),
    schema="servicing",
    comment="What happened to a loan, in the order in which we learned it.",
)
"""What happened to a loan, in the order in which we learned it."""

repayment = Table(
    "repayment",
    metadata,
    Column("repayment_id", BigInteger, Identity(always=False), nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("intent", Text, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("excess", BigInteger, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("plan_version", Integer),
    Column("entry_id", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("repayment_id", name="repayment_pkey"),
    UniqueConstraint("key", name="repayment_key_once"),
    ForeignKeyConstraint(["loan_id"], ["servicing.loan.loan_id"], name="repayment_of_loan"),
    ForeignKeyConstraint(
        ["loan_id", "plan_version"],
        ["servicing.schedule_version.loan_id", "servicing.schedule_version.version"],
        name="repayment_of_plan",
    ),
    CheckConstraint("source IN ('CASH', 'OVERPAYMENT')", name="repayment_source_known"),
    CheckConstraint(
        "intent IN ('DUE', 'SETTLE', 'REDUCE_TERM', 'REDUCE_PAYMENT', 'KEEP_PLAN')", name="repayment_intent_known"
    ),
    CheckConstraint("amount > 0", name="repayment_amount_positive"),
    CheckConstraint("excess >= 0 AND excess <= amount", name="repayment_excess_within"),
    CheckConstraint("source = 'CASH' OR excess = 0", name="repayment_application_has_no_excess"),
    Index("repayment_by_loan", "loan_id", "repayment_id"),
    schema="servicing",
    comment="Money that met a loan; plan_version is the schedule that it put in force by settling early.",
)
"""Money that met a loan."""

allocation = Table(
    "allocation",
    metadata,
    Column("repayment_id", BigInteger, nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("no", Integer, nullable=False),
    Column("component", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("repayment_id", "no", "component", name="allocation_pkey"),
    ForeignKeyConstraint(["repayment_id"], ["servicing.repayment.repayment_id"], name="allocation_of_repayment"),
    CheckConstraint(
        "component IN ('penalty', 'interest', 'accrued_interest', 'overdue_principal', 'principal')",
        name="allocation_component_known",
    ),
    CheckConstraint("amount > 0", name="allocation_amount_positive"),
    Index("allocation_by_loan", "loan_id"),
    schema="servicing",
    comment="What a repayment paid of which instalment, and from which account it was taken.",
)
"""What a repayment paid of which instalment, and from which account it was taken."""

repayment_reversal = Table(
    "repayment_reversal",
    metadata,
    Column("repayment_id", BigInteger, nullable=False),
    Column("reversed_on", Date, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("repayment_id", name="repayment_reversal_pkey"),
    UniqueConstraint("key", name="repayment_reversal_key_once"),
    ForeignKeyConstraint(
        ["repayment_id"], ["servicing.repayment.repayment_id"], name="repayment_reversal_of_repayment"
    ),
    schema="servicing",
    comment="Repayments that turned out not to have happened; each at most once.",
)
"""Repayments that turned out not to have happened."""

interest_accrual = Table(
    "interest_accrual",
    metadata,
    Column("accrual_id", BigInteger, Identity(always=True), nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("accrued_on", Date, nullable=False),
    Column("booked", BigInteger, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("accrual_id", name="interest_accrual_pkey"),
    Index("interest_accrual_latest", "loan_id", text("accrual_id DESC"), postgresql_include=["booked"]),
    schema="servicing",
    comment="Interest of a loan that the journal has accrued since its start; the latest row counts.",
)
"""Interest of a loan that the journal has accrued since its start."""

penalty_accrual = Table(
    "penalty_accrual",
    metadata,
    Column("accrual_id", BigInteger, Identity(always=True), nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("no", Integer, nullable=False),
    Column("accrued_on", Date, nullable=False),
    Column("booked", BigInteger, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("accrual_id", name="penalty_accrual_pkey"),
    CheckConstraint("booked >= 0", name="penalty_accrual_not_negative"),
    Index("penalty_accrual_latest", "loan_id", "no", text("accrual_id DESC"), postgresql_include=["booked"]),
    schema="servicing",
    comment="Penalty of an instalment that the journal has accrued so far; the latest row counts.",
)
"""Penalty of an instalment that the journal has accrued so far."""

movement = Table(
    "movement",
    metadata,
    Column("loan_id", BigInteger, nullable=False),
    Column("no", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("moved_on", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("loan_id", "no", "kind", "moved_on", name="movement_pkey"),
    CheckConstraint("kind IN ('INTEREST_DUE', 'PRINCIPAL_OVERDUE')", name="movement_kind_known"),
    CheckConstraint("amount > 0", name="movement_amount_positive"),
    schema="servicing",
    comment="Interest moved to receivables on its due date, principal moved to overdue after grace.",
)
"""Interest moved to receivables on its due date, principal moved to overdue after grace."""

ageing = Table(
    "ageing",
    metadata,
    Column("aged_on", Date, nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("dpd", Integer, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("principal", BigInteger, nullable=False),
    Column("interest", BigInteger, nullable=False),
    Column("penalty", BigInteger, nullable=False),
    PrimaryKeyConstraint("aged_on", "loan_id", name="ageing_pkey"),
    CheckConstraint("dpd > 0", name="ageing_is_overdue"),
    schema="servicing",
    comment="Overdue loans at the end of each day: days past due, bucket, unpaid principal,"
    " and what is overdue by component.",
)
"""Overdue loans at the end of each day."""

contract = Table(
    "contract",
    metadata,
    Column("loan_id", BigInteger, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("lives_from", Date, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("loan_id", name="contract_pkey"),
    ForeignKeyConstraint(["loan_id"], ["servicing.loan.loan_id"], name="contract_of_loan"),
    CheckConstraint("jsonb_typeof(document -> 'version') = 'number'", name="contract_document_versioned"),
    schema="servicing",
    comment="Contracts of living loans: terms and life terms as one versioned document; lives_from is the business"
    " date it was written.",
)
"""Contracts of living loans."""

fact = Table(
    "fact",
    metadata,
    Column("loan_id", BigInteger, nullable=False),
    Column("no", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("actor", Text, nullable=False),
    Column("approver", Text),
    Column("key", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("loan_id", "no", name="fact_pkey"),
    UniqueConstraint("key", name="fact_key_once"),
    ForeignKeyConstraint(["loan_id"], ["servicing.contract.loan_id"], name="fact_of_contract"),
    CheckConstraint("no >= 1", name="fact_counts"),
    CheckConstraint("value_on <= booked_on", name="fact_not_ahead"),
    CheckConstraint("approver <> actor", name="fact_by_two"),
    CheckConstraint(
        "kind IN ('Disburse', 'Pay', 'Levy', 'Waive', 'Reverse', 'Chargeback', 'Refund', 'ChangeRate', 'Reschedule',"
        " 'ReAge', 'ReAmortise', 'Accelerate', 'ChargeOff', 'WriteOff', 'Recover', 'Compensate', 'Repurchase',"
        " 'Cancel', 'Pause')",
        name="fact_kind_known",
    ),
    schema="servicing",
    comment="What happened to living loans: value_on is the date it is about, booked_on the business date on which we"
    " learned it.",
)
"""What happened to living loans."""

booking = Table(
    "booking",
    metadata,
    Column("booking_id", BigInteger, Identity(always=True), nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("fact_no", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("flags", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("cause", Integer, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("through_on", Date, nullable=False),
    Column("entry_id", BigInteger),
    Column("funder_id", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("booking_id", name="booking_pkey"),
    ForeignKeyConstraint(["loan_id"], ["servicing.contract.loan_id"], name="booking_of_contract"),
    CheckConstraint("amount <> 0", name="booking_is_something"),
    CheckConstraint("fact_no >= 0 AND cause >= 0", name="booking_fact_counts"),
    Index(
        "booking_by_loan",
        "loan_id",
        postgresql_include=["fact_no", "event", "flags", "bucket", "amount", "through_on"],
    ),
    schema="servicing",
    comment="Amounts of a life that the journal holds, minor units, by event, bucket, the fact they belong to (0: time)"
    " and whose share they are (0: the lender's alone); cause is the fact that made us book (0: the close of a day),"
    " through_on the date up to which the life was told.",
)
"""Amounts of a life that the journal holds."""

milestone = Table(
    "milestone",
    metadata,
    Column("loan_id", BigInteger, nullable=False),
    Column("engine", Text, nullable=False),
    Column("no", Integer, nullable=False),
    Column("latest_on", Date, nullable=False),
    Column("latest_rank", Integer, nullable=False),
    Column("latest_no", Integer, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("document", JSONB, nullable=False),
    PrimaryKeyConstraint("loan_id", "engine", "no", name="milestone_pkey"),
    ForeignKeyConstraint(["loan_id", "no"], ["servicing.fact.loan_id", "servicing.fact.no"], name="milestone_of_fact"),
    schema="servicing",
    comment="Derived: the state of a life after the facts 1 to no, as the engine of that fingerprint tells it;"
    " latest_on, latest_rank and latest_no are the place of the last one in the replay, booked_on the date by which all"
    " of them were known.",
)
"""States of lives after their first facts: derived."""

proposal = Table(
    "proposal",
    metadata,
    Column("proposal_id", BigInteger, Identity(always=True), nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("maker", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("proposal_id", name="proposal_pkey"),
    UniqueConstraint("key", name="proposal_key_once"),
    UniqueConstraint("proposal_id", "maker", name="proposal_maker"),
    ForeignKeyConstraint(["loan_id"], ["servicing.loan.loan_id"], name="proposal_of_loan"),
    CheckConstraint("value_on <= proposed_on", name="proposal_not_ahead"),
    Index("proposal_by_loan", "loan_id"),
    schema="servicing",
    comment="Changes of loans that wait for a second person: a fact as it would be recorded, and who wants it.",
)
"""Changes of loans that wait for a second person."""

proposal_answer = Table(
    "proposal_answer",
    metadata,
    Column("proposal_id", BigInteger, nullable=False),
    Column("maker", Text, nullable=False),
    Column("checker", Text, nullable=False),
    Column("is_approved", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("fact_no", Integer),
    Column("key", Text, nullable=False),
    Column("answered_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("proposal_id", name="proposal_answer_pkey"),
    UniqueConstraint("key", name="proposal_answer_key_once"),
    ForeignKeyConstraint(
        ["proposal_id", "maker"],
        ["servicing.proposal.proposal_id", "servicing.proposal.maker"],
        name="proposal_answer_of_proposal",
    ),
    CheckConstraint("checker <> maker", name="proposal_answer_by_another"),
    CheckConstraint("is_approved = (fact_no IS NOT NULL)", name="proposal_answer_is_done"),
    schema="servicing",
    comment="What another person said of a proposal: approved, with the fact that it became, or not.",
)
"""What another person said of a proposal."""

current_instalment = table(
    "current_instalment",
    column("loan_id", BigInteger),
    column("version", Integer),
    column("no", Integer),
    column("from_on", Date),
    column("due_on", Date),
    column("principal", BigInteger),
    column("interest", BigInteger),
    schema="servicing",
)
"""View: instalments of the schedule version in force."""

standing_repayment = table(
    "standing_repayment",
    column("repayment_id", BigInteger),
    column("loan_id", BigInteger),
    column("source", Text),
    column("intent", Text),
    column("paid_on", Date),
    column("amount", BigInteger),
    column("excess", BigInteger),
    column("currency", CHAR(3)),
    column("plan_version", Integer),
    column("entry_id", BigInteger),
    schema="servicing",
)
"""View: repayments that were not reversed."""

standing_allocation = table(
    "standing_allocation",
    column("repayment_id", BigInteger),
    column("loan_id", BigInteger),
    column("no", Integer),
    column("component", Text),
    column("amount", BigInteger),
    column("paid_on", Date),
    schema="servicing",
)
"""View: allocations of repayments that were not reversed."""
