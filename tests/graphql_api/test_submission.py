"""`submitApplication` is `credit.apply` by another door: one content, one memory, one set of rules, its own names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.channel import operations as channels
from domain.channel.mapping import ValuesDisagree
from domain.channel.reply import Reply
from domain.channel.signature import message
from domain.party import operations as parties
from domain.party.partner import ChannelState
from domain.refusals import Invalid, KeyReused
from graphql_api.auth import Role, Viewer
from graphql_api.submission import renamed
from seed.parties import APP_ID
from tests.domain.origination.world import AT, TODAY
from tests.graphql_api.asking import OTHER

if TYPE_CHECKING:
    from tests.graphql_api.asking import Asking

TAKEN = """... on SubmitApplicationResult { isReplay application {
    id channelApplicationNo stage amount { amount currency } termMonths submittedOn } }
  ... on Invalid { faults { code field message } }"""


def submit(asking: Asking, given: dict[str, Any], *, locale: str = "en") -> dict[str, Any]:
    return asking.do("submitApplication", given, TAKEN, by=Role.PARTNER, locale=locale)


def test_an_application_is_taken_in_and_told_as_it_stands(asking: Asking) -> None:
    given = asking.application()
    found = submit(asking, given)
    assert found["isReplay"] is False
    one = found["application"]
    assert one.pop("id").startswith("ap_")
    assert one == {
        "channelApplicationNo": given["channelApplicationNo"],
        "stage": "ACCEPTANCE",
        "amount": {"amount": "3000.00", "currency": "CNY"},
        "termMonths": 6,
        "submittedOn": TODAY.isoformat(),
    }


def test_the_same_again_is_the_same_and_other_content_is_refused(asking: Asking) -> None:
    given = asking.application()
    first = submit(asking, given)
    again = submit(asking, {**given, "idempotencyKey": "another-trace"})
    assert again == {**first, "isReplay": True}
    for locale, sentence in (("en", "this key was already used"), ("zh-CN", "业务编号已用于不同内容的请求")):
        other = submit(asking, {**given, "termMonths": 12}, locale=locale)
        assert (other["__typename"], other["code"], other["field"]) == (
            "KeyReused",
            "IDEMPOTENT_CONFLICT",
            "channelApplicationNo",
        )
        assert sentence in other["message"]


def test_the_signed_message_and_the_mutation_are_one_command(asking: Asking) -> None:
    given = asking.application()
    first = submit(asking, given)
    with asking.world() as world:
        key = world.channel.keys[0]

    def signed(term: int) -> Reply:
        sent = channels_content(given, term=term)
        raw = message(
            sent,
            app_id=APP_ID,
            api_name="credit.apply",
            request_no="RQ",
            nonce=f"nonce-{term:04d}",
            timestamp=AT,
            key=key,
        )
        return asking.db.run(
            lambda conn: channels.receive(
                conn, raw, received_at=AT, vault=asking.people.desk.vault, handlers=asking.people.office.handlers
            )
        )

    same = signed(given["termMonths"])
    assert (same.code, same.is_replay) == ("OK", True)
    assert same.answer.data["channelApplicationNo"] == first["application"]["channelApplicationNo"]
    assert signed(12).refusal == KeyReused(field="bizContent.channelApplicationNo")


def channels_content(given: dict[str, Any], *, term: int) -> Any:  # noqa: ANN401 - JSON
    """What a partner's own software would send for the same application."""
    borrower, (account,) = given["borrower"], given["accounts"]
    return {
        "channelApplicationNo": given["channelApplicationNo"],
        "productNo": given["productCode"],
        "loanApplication": {
            "productNo": given["productCode"],
            "applyAmount": given["amount"]["amount"],
            "currency": "CNY",
            "applyTerm": term,
            "purposeCode": given["purposeCode"],
        },
        "borrower": {
            "customerName": borrower["name"],
            "applicantTypeCode": "PRIMARY",
            "relationCode": "SELF",
            "idTypeCode": "RESIDENT_ID",
            "idNo": borrower["idNo"],
            "mobile": borrower["mobile"],
            "creditInquiryConsent": {"given": True},
        },
        "accounts": [
            {
                "accountUsageCode": "03",
                "accountNo": account["accountNo"],
                "accountName": account["accountName"],
                "accountType": "DEBIT_CARD",
                "currency": "CNY",
                "bankName": account["bankName"],
            }
        ],
        "extParams": {
            one["name"]: next(one[kind] for kind in ("text", "number", "flag") if kind in one)
            for one in given["features"]
        },
    }


def test_all_faults_are_told_at_once_under_the_names_of_the_input(asking: Asking) -> None:
    given = asking.application()
    broken = {
        **given,
        "amount": {"amount": "0.01", "currency": "CNY"},
        "termMonths": 999,
        "borrower": {**given["borrower"], "idNo": "110105194912310021", "mobile": "1", "maritalCode": "no"},
        "accounts": [{**given["accounts"][0], "accountNo": "6222", "accountName": "别人"}],
        "features": [{"name": "no_such", "text": "x"}, *given["features"][1:], given["features"][-1]],
    }
    found = submit(asking, broken)
    assert (found["__typename"], found["code"], found["retryable"]) == ("Invalid", "INPUT_INVALID", False)
    assert {(one["field"], one["code"]) for one in found["faults"]} == {
        ("amount", "AMOUNT_NOT_OFFERED"),
        ("termMonths", "TERM_NOT_OFFERED"),
        ("borrower.idNo", "IDENTITY_NUMBER_CHECK"),
        ("borrower.mobile", "MOBILE_INVALID"),
        ("borrower.maritalCode", "FIELD_INVALID"),
        ("accounts[0].accountNo", "CARD_NUMBER_INVALID"),
        ("accounts[0].accountName", "FIELDS_DISAGREE"),
        ("features.no_such", "FIELD_UNKNOWN"),
        (f"features.{given['features'][0]['name']}", "FIELD_MISSING"),
        (f"features.{given['features'][-1]['name']}", "FIELD_INVALID"),
    }
    corrected = submit(asking, given)
    assert corrected["isReplay"] is False, "what was refused left nothing"


@pytest.mark.parametrize(("locale", "sentence"), [("en", "the channel is suspended"), ("zh-CN", "渠道已停用")])
def test_a_suspended_channel_hands_nothing_in(asking: Asking, locale: str, sentence: str) -> None:
    with asking.world() as world:
        parties.set_channel_state(
            world.conn,
            channel_id=asking.channel_id,
            state=ChannelState.SUSPENDED,
            command=world.command("stop", actor="ops"),
        )
    found = submit(asking, asking.application(), locale=locale)
    assert (found["__typename"], found["code"], found["message"]) == ("ChannelSuspended", "CHANNEL_SUSPENDED", sentence)


def test_a_product_without_a_route_and_a_borrower_under_another_name(asking: Asking) -> None:
    given = asking.application(productCode="NO-SUCH")
    for locale in ("en", "zh-CN"):
        unrouted = submit(asking, given, locale=locale)
        assert (unrouted["__typename"], unrouted["field"]) == ("ProductNotRouted", "productCode")
    first = asking.application()
    asking.do("submitApplication", first, by=Role.PARTNER)
    renamed_borrower = {**first["borrower"], "name": "欧阳修"}
    same_person = {
        **first,
        "channelApplicationNo": "MK-OTHER",
        "borrower": renamed_borrower,
        "accounts": [{**first["accounts"][0], "accountName": "欧阳修"}],
    }
    differs = submit(asking, same_person)
    assert (differs["__typename"], differs["field"]) == ("CustomerNameDiffers", "borrower.name")


def test_a_channel_that_is_not_there_hands_nothing_in(asking: Asking) -> None:
    nobody = Viewer(subject="x", role=Role.PARTNER, channel_id=OTHER)
    found = asking.do("submitApplication", asking.application(), by=nobody)
    assert found["code"] == "CHANNEL_SUSPENDED"


def test_twins_become_one_application(asking: Asking) -> None:
    given = asking.application()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: submit(asking, {**given, "idempotencyKey": f"trace-{n}"}), range(16)))
    assert sorted(one["isReplay"] for one in found) == [False, *[True] * 15]
    assert len({one["application"]["id"] for one in found}) == 1


def test_paths_of_the_wire_become_paths_of_the_input() -> None:
    disagree = ValuesDisagree(field="bizContent.accounts[2].accountName", other="bizContent.borrower.customerName")
    assert renamed(Invalid(faults=(disagree,))) == Invalid(
        faults=(replace(disagree, field="accounts[2].accountName", other="borrower.name"),)
    )
    assert renamed(KeyReused(field="bizContent.accounts[1].accountUsageCode")).field == "accounts[1].usage"
    assert renamed(KeyReused(field="bizContent.images[1]")).field == "images[1]"
    assert renamed(KeyReused()).field is None
