"""`quote` and `simulate`: the engine that books real loans, asked without one, by the readers of the command line."""

from __future__ import annotations

from typing import Annotated, Any, Final

import strawberry

from domain.refusals import Invalid
from domain.servicing import quoted, scenario
from domain.servicing.quotation import asked
from domain.servicing.refusal import ScenarioTooLong
from graphql_api.scalars import Document
from graphql_api.servicing_terms import QuoteInput, tree
from graphql_api.types.quote import Played, QuoteResult, QuoteView, SimulateResult, Step
from graphql_api.types.refusal import payload
from graphql_api.types.value import Ask

STEPS_MAX: Final = 200
"""Steps of a scenario that is played while somebody waits for the answer; the command line plays longer ones."""
LINES_MAX: Final = 12_000
"""Steps times instalments, at most: each step answers with its whole schedule."""

QuotePayload: Any = payload("QuotePayload", "What `quote` answers.", QuoteResult, Invalid)
SimulatePayload: Any = payload("SimulatePayload", "What `simulate` answers.", SimulateResult, Invalid, ScenarioTooLong)


def quote(
    info: Ask,
    input: Annotated[QuoteInput, strawberry.argument(description="The terms.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Try the terms of a loan; every fault of them at once."""
    del info
    found = asked(tree(input))
    made = found if isinstance(found, Invalid) else quoted.quoted(found)
    return made if isinstance(made, Invalid) else QuoteView.of(made)


def simulate(
    info: Ask,
    given: Annotated[
        Document,
        strawberry.argument(
            name="scenario",
            description="The scenario, as docs/reference/simulate.md says; at most 200 steps, fewer for long loans.",
        ),
    ],
) -> Any:  # noqa: ANN401 - a union of the schema
    """Play a scenario; every fault of it at once."""
    del info
    found = scenario.scenario(given)  # type: ignore[arg-type]  # its reader takes any JSON and says what is wrong
    if isinstance(found, Invalid):
        return found
    most = min(STEPS_MAX, LINES_MAX // found.contract.terms.instalments)
    if len(found.steps) > most:
        return ScenarioTooLong(most=most, field="steps")
    steps = [Step(one, found.rules) for one in scenario.play(found)]
    return Played(found.contract.terms.currency, steps)
