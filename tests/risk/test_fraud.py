from datetime import UTC, date, datetime, timedelta

import pytest

from risk.fraud import Link, Seen, identity_checks, identity_facts, luhn, velocity

AT = datetime(2025, 6, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "checks"),
    [
        ("11010519491231002X", True),
        ("110105194912310021", False),
        ("11010519491231002x", False),
        ("1101051949123100", False),
        ("", False),
    ],
)
def test_identity_number(number: str, checks: bool) -> None:
    assert identity_checks(number) is checks


@pytest.mark.parametrize(
    ("number", "checks"), [("4111111111111111", True), ("4111111111111112", False), ("411111", False)]
)
def test_card_number(number: str, checks: bool) -> None:
    assert luhn(number) is checks


@pytest.mark.parametrize(
    ("identity", "age", "mobile", "expected"),
    [
        ("11010519491231002X", 75, "13800000000", (True, True, False)),
        ("11010519491231002X", 74, "13800000000", (True, False, False)),
        ("11010519491231002X", None, "17012345678", (True, True, True)),
        ("110105194912310021", 75, "13800000000", (False, False, False)),
    ],
)
def test_numbers_against_the_form(identity: str, age: int | None, mobile: str, expected: tuple[bool, ...]) -> None:
    found = identity_facts(
        identity_number=identity, card_number="4111111111111111", mobile=mobile, age=age, on=date(2025, 6, 1)
    )
    assert (found["identity_checks"], found["identity_age_matches"], found["mobile_virtual"]) == expected
    assert found["card_checks"] is True


def seen(link: Link, customer: int, *, key: bytes = b"k", hours_ago: float = 0, channel: int = 1) -> Seen:
    return Seen(
        link=link,
        key=key,
        application_id=customer * 10,
        customer_id=customer,
        channel_id=channel,
        seen_at=AT - timedelta(hours=hours_ago),
    )


@pytest.mark.parametrize(
    ("others", "fact", "count"),
    [
        ([], "device_customers_24h", 1),
        ([seen(Link.DEVICE, 2, hours_ago=23), seen(Link.DEVICE, 3, hours_ago=1)], "device_customers_24h", 3),
        ([seen(Link.DEVICE, 2, hours_ago=24)], "device_customers_24h", 1),
        ([seen(Link.DEVICE, 2, hours_ago=24)], "device_customers_30d", 2),
        ([seen(Link.DEVICE, 2), seen(Link.DEVICE, 2, hours_ago=2)], "device_customers_24h", 2),
        ([seen(Link.DEVICE, 2, key=b"other")], "device_customers_24h", 1),
        ([seen(Link.DEVICE, 2, hours_ago=-1)], "device_customers_24h", 1),
        ([seen(Link.CARD, 2, hours_ago=24 * 4000)], "card_customers", None),
    ],
)
def test_velocity_of_a_device(others: list[Seen], fact: str, count: int | None) -> None:
    assert velocity(others, own=[seen(Link.DEVICE, 1)], at=AT)[fact] == count


def test_earlier_applications_do_not_count_the_own() -> None:
    own = [seen(Link.IDENTITY, 1)]
    earlier = Seen(
        link=Link.IDENTITY, key=b"k", application_id=7, customer_id=1, channel_id=2, seen_at=AT - timedelta(days=3)
    )
    found = velocity([earlier], own=own, at=AT)
    assert (found["applications_30d"], found["identity_channels_7d"]) == (1, 2)
