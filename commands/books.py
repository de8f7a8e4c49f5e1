"""`trial-balance` and `statement`: what the books say, as tables, JSON, CSV or a workbook."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Annotated, Final

import typer
from sqlalchemy import Connection

from commands.printing import Json, day, out, print_json, refuse
from commands.session import BookId, catch_up, database
from commands.sheet import Column, Csv, Sheet, Xlsx, csv_rows, one_form, table, write_xlsx
from ledger import sequencer
from ledger.entry import Side
from ledger.money import Money
from ledger.statements import (
    BEGINNING,
    END,
    AccountStatement,
    CursorInvalid,
    Dimension,
    StatementLine,
    TrialBalance,
    Turnover,
    account_statement,
    trial_balance,
    without_zero,
)
from postgres.database import Database

FIGURES: Final = {
    "opening_debit": ("openingDebit", "期初借方 opening D"),
    "opening_credit": ("openingCredit", "期初贷方 opening C"),
    "debit": ("debit", "借方 debit"),
    "credit": ("credit", "贷方 credit"),
    "closing_debit": ("closingDebit", "期末借方 closing D"),
    "closing_credit": ("closingCredit", "期末贷方 closing C"),
}
"""A turnover's amounts: name in files, heading for people."""
DIMENSIONS: Final = {
    Dimension.PARTY: "合作方 party",
    Dimension.SCHEME: "产品 scheme",
    Dimension.FUNDER: "资金方 funder",
    Dimension.CHANNEL: "渠道 channel",
}
"""Headings of what a trial balance is split by."""
PAGE: Final = 1000
"""Lines of a statement read at a time where the whole range is wanted."""

On = Annotated[str | None, typer.Option(help="Last effective day, YYYY-MM-DD; absent: everything that is known.")]
Since = Annotated[str | None, typer.Option(help="First effective day of the turnover; absent: from the beginning.")]
AsOf = Annotated[int | None, typer.Option(help="As the log knew it at this number; absent: now.", min=0)]


def trial_balance_command(
    *,
    book: BookId = 1,
    on: On = None,
    since: Since = None,
    as_of: AsOf = None,
    level: Annotated[int | None, typer.Option(help="Roll up to this depth of the chart.", min=1)] = None,
    by: Annotated[list[Dimension] | None, typer.Option(help="Split by a dimension.")] = None,
    as_json: Json = False,
    as_csv: Csv = False,
    xlsx: Xlsx = None,
) -> None:
    """试算平衡表. Example: zhudai trial-balance --book 1 --on 2026-03-31 --level 1."""
    one_form(as_json, as_csv, xlsx)
    from_on, to_on = _range(since, on)
    with database() as db:
        _known(db, book, as_of)
        with db.snapshot() as conn:
            balance = trial_balance(
                conn, book=book, from_on=from_on, to_on=to_on, as_of_seq=as_of, level=level, by=by or ()
            )
    if as_json:
        print_json(_balance_document(balance))
    elif as_csv:
        sys.stdout.writelines(csv_rows(sheet_of(balance)))
    elif xlsx is not None:
        write_xlsx(sheet_of(balance), xlsx)
    else:
        out.print(table(sheet_of(without_zero(balance))))
    if not balance.balanced:
        refuse("LEDGER_UNBALANCED", "debits and credits differ: run zhudai verify before anything else")


def statement(
    account: Annotated[str, typer.Argument(help="Account code, such as 1303.01.")],
    *,
    book: BookId = 1,
    on: On = None,
    since: Since = None,
    as_of: AsOf = None,
    first: Annotated[int, typer.Option(help="Lines on the page.", min=1, max=PAGE)] = 50,
    after: Annotated[str | None, typer.Option(help="Cursor of the page before.")] = None,
    as_json: Json = False,
    as_csv: Csv = False,
    xlsx: Xlsx = None,
) -> None:
    """明细账: an account's lines with their running balance. Example: zhudai statement 1303.01 --on 2026-03-31."""
    one_form(as_json, as_csv, xlsx)
    whole = as_csv or xlsx is not None
    if whole and after is not None:
        raise typer.BadParameter("a file holds the whole range, and has no page before", param_hint="--after")
    from_on, to_on = _range(since, on)

    def page_after(conn: Connection, cursor: str | None) -> AccountStatement:
        try:
            page = account_statement(
                conn,
                book=book,
                account=account,
                from_on=from_on,
                to_on=to_on,
                as_of_seq=as_of,
                after=cursor,
                first=PAGE if whole else first,
            )
        except CursorInvalid as why:
            refuse(why.code, "the cursor is not of a page of this statement: copy it whole, or leave --after out")
        if page is None:
            refuse("LEDGER_ACCOUNT_UNKNOWN", f"there is no account {account} in book {book}: see zhudai trial-balance")
        return page

    with database() as db:
        _known(db, book, as_of)
        with db.snapshot() as conn:
            page = page_after(conn, after)
            while whole and page.has_next:
                more = page_after(conn, page.lines[-1].cursor)
                page = replace(page, lines=page.lines + more.lines, has_next=more.has_next)
    if as_json:
        print_json(_statement_document(page))
    elif as_csv:
        sys.stdout.writelines(csv_rows(_statement_sheet(page)))
    elif xlsx is not None:
        write_xlsx(_statement_sheet(page), xlsx)
    else:
        out.print(table(_statement_sheet(page)))
        if page.has_next:
            out.print(f"next page: --after {page.lines[-1].cursor}", highlight=False, soft_wrap=True)


def sheet_of(balance: TrialBalance) -> Sheet:
    """A trial balance as a sheet."""
    dimensions = tuple(balance.rows[0].dimensions) if balance.rows else ()
    return Sheet(
        title="试算平衡表",
        facts={
            "book": str(balance.book),
            "currency": balance.currency,
            **_asked(balance.from_on, balance.to_on, balance.as_of_seq),
        },
        columns=(
            Column(name="account", heading="科目 account"),
            Column(name="name", heading="名称 name"),
            *(Column(name=one.value, heading=DIMENSIONS[one]) for one in dimensions),
            *(
                Column(name=name, heading=heading, is_figure=True, hides_zero=True)
                for name, heading in FIGURES.values()
            ),
        ),
        rows=tuple(
            (
                row.account.code,
                row.account.name_zh,
                *(row.dimensions[one] or None for one in dimensions),
                *_amounts(row.turnover, balance.currency),
            )
            for row in balance.rows
        ),
        last=("", "合计", *(None for _ in dimensions), *_amounts(balance.total, balance.currency)),
    )


def _statement_sheet(page: AccountStatement) -> Sheet:
    currency = page.account.currency

    def row(line: StatementLine) -> tuple[str | int | date | Money | None, ...]:
        moved = Money(line.amount, currency)
        return (
            line.effective_on,
            str(line.entry_id),
            line.seq,
            line.kind,
            line.dims.subject,
            line.description,
            moved if line.side is Side.DEBIT else None,
            moved if line.side is Side.CREDIT else None,
            Money(line.balance, currency),
        )

    return Sheet(
        title="明细账",
        facts={
            "account": f"{page.account.code} {page.account.name_zh}",
            "book": str(page.book),
            "currency": currency,
            **_asked(page.from_on, page.to_on, page.as_of_seq),
            "opening": str(Money(page.opening, currency)),
        },
        columns=(
            Column(name="date", heading="日期 date"),
            Column(name="entry", heading="凭证 entry"),
            Column(name="seq", heading="序号 seq", is_figure=True),
            Column(name="kind", heading="业务 kind"),
            Column(name="subject", heading="借据 loan", is_figure=True),
            Column(name="description", heading="摘要 description"),
            Column(name="debit", heading="借方 debit", is_figure=True),
            Column(name="credit", heading="贷方 credit", is_figure=True),
            Column(name="balance", heading="余额 balance", is_figure=True),
        ),
        rows=tuple(map(row, page.lines)),
        last=("", "", None, "期末 closing", None, "", None, None, Money(page.closing, currency)),
    )


def _range(since: str | None, on: str | None) -> tuple[date, date]:
    """The effective days asked for, both included."""
    from_on, to_on = BEGINNING if since is None else day(since), END if on is None else day(on)
    if from_on > to_on:
        raise typer.BadParameter(f"{from_on} is after {to_on}", param_hint="--since")
    return from_on, to_on


def _known(db: Database, book: int, as_of: int | None) -> None:
    """Number what waits; a number that the log has not reached would be answered otherwise tomorrow: it is refused."""
    catch_up(db, book)
    size = db.run(lambda conn: sequencer.head(conn, book))
    if as_of is not None and as_of > size:
        refuse("LEDGER_SEQ_UNKNOWN", f"the log of book {book} ends at {size}: ask --as-of {size} or less")


def _asked(from_on: date, to_on: date, as_of_seq: int | None) -> dict[str, str]:
    """The bounds that somebody has set."""
    asked = {
        "from": None if from_on == BEGINNING else from_on,
        "to": None if to_on == END else to_on,
        "as of": as_of_seq,
    }
    return {name: str(value) for name, value in asked.items() if value is not None}


def _amounts(turnover: Turnover, currency: str) -> Iterator[Money]:
    return (Money(getattr(turnover, name), currency) for name in FIGURES)


def _balance_document(balance: TrialBalance) -> dict[str, object]:
    def figures(turnover: Turnover) -> dict[str, str]:
        return {
            name: str(Money(getattr(turnover, attribute), balance.currency)) for attribute, (name, _) in FIGURES.items()
        }

    return {
        "book": balance.book,
        "currency": balance.currency,
        **_days(balance.from_on, balance.to_on),
        "asOfSeq": balance.as_of_seq,
        "balanced": balance.balanced,
        "rows": [
            {
                "account": row.account.code,
                "name": row.account.name_zh,
                **{one.value: value or None for one, value in row.dimensions.items()},
                **figures(row.turnover),
            }
            for row in balance.rows
        ],
        "total": figures(balance.total),
    }


def _statement_document(page: AccountStatement) -> dict[str, object]:
    def money(minor: int) -> str:
        return str(Money(minor, page.account.currency))

    return {
        "book": page.book,
        "account": page.account.code,
        "name": page.account.name_zh,
        "currency": page.account.currency,
        **_days(page.from_on, page.to_on),
        "asOfSeq": page.as_of_seq,
        "opening": money(page.opening),
        "closing": money(page.closing),
        "lines": [
            {
                "date": line.effective_on.isoformat(),
                "recordedAt": line.recorded_at.isoformat(),
                "entry": str(line.entry_id),
                "line": line.line_no,
                "seq": line.seq,
                "kind": line.kind,
                "description": line.description,
                "isRed": line.is_red,
                "subject": line.dims.subject,
                "side": line.side.name,
                "amount": money(line.amount),
                "balance": money(line.balance),
            }
            for line in page.lines
        ],
        "next": page.lines[-1].cursor if page.has_next else None,
    }


def _days(from_on: date, to_on: date) -> dict[str, str | None]:
    return {
        "from": None if from_on == BEGINNING else from_on.isoformat(),
        "to": None if to_on == END else to_on.isoformat(),
    }
