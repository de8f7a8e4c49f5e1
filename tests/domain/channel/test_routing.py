from __future__ import annotations

import json

from domain.channel.routing import ExtensionField, ExtensionType, extension_data, extension_fields
from domain.origination.application import DEVICE_FEATURE
from seed import german
from seed.parties import extension


def test_extension_fields_survive_being_stored() -> None:
    fields = {
        "a": ExtensionField(type=ExtensionType.CODE, codes=("X", "Y"), required=True),
        "b": ExtensionField(type=ExtensionType.INTEGER, low=1, high=4),
        "c": ExtensionField(type=ExtensionType.AMOUNT),
    }
    assert extension_fields(json.loads(json.dumps(extension_data(fields)))) == fields


def test_the_demo_route_takes_every_input_that_the_form_has_no_place_for() -> None:
    agreed = extension(german.contract())
    for application in german.applications():
        assert {*application.extension, DEVICE_FEATURE} == set(agreed)
