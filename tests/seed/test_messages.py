from __future__ import annotations

from datetime import UTC, date, datetime

from domain.calendar import age_on
from domain.channel.envelope import Envelope, parse
from domain.channel.signature import canonical, matches
from domain.party.customer import Gender, born_on, gender
from seed import german, messages
from seed.parties import channel_key

AT = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
KEY = channel_key(valid_from=AT)
ROWS = german.applications()


def test_the_same_row_is_the_same_message() -> None:
    assert messages.signed(ROWS[0], at=AT, key=KEY) == messages.signed(ROWS[0], at=AT, key=KEY)
    assert messages.signed(ROWS[0], at=AT, key=KEY) != messages.signed(ROWS[0], at=AT, key=KEY, attempt=2)


def test_a_thousand_messages_are_signed_and_their_people_differ() -> None:
    found = [parse(messages.signed(row, at=AT, key=KEY)) for row in ROWS]
    assert all(isinstance(one, Envelope) and matches(canonical(one.fields), one.sign, KEY) for one in found)
    people = [messages.applicant(row, on=AT.date()) for row in ROWS]
    assert len({one.identity_number for one in people}) == len({one.card for one in people}) == len(ROWS)
    assert len({one.device for one in people}) == len(ROWS)


def test_the_person_is_as_old_as_the_row_says_and_of_its_sex() -> None:
    on = date(2026, 3, 5)
    for row in ROWS[:200]:
        number = messages.applicant(row, on=on).identity_number
        assert age_on(born_on(number), on) == row.age
        female = str(row.facts["personal_status_sex"]).startswith("FEMALE")
        assert gender(number) is (Gender.FEMALE if female else Gender.MALE)


def test_a_card_suffix_can_be_asked_for() -> None:
    assert messages.applicant(ROWS[0], on=AT.date(), card_suffix="9001").card.endswith("9001")
