"""Charts of accounts of the two demo books, as data: the lender's and the platform's (domain reference §4.3).

Codes are those of 企业会计准则; sub-accounts are ours. Accounts of what borrowers owe need the loan and the funder on
every line; no loan may fall below zero on them.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from domain.calendar import add_months
from ledger import books
from ledger.account import Account, AccountClass, Policy, Required, Side
from ledger.books import Book, ReversalStyle

LENDER_BOOK = 1
"""Book of the funder bank."""
PLATFORM_BOOK = 2
"""Book of the platform."""
GUARANTOR_BOOK = 3
"""Book of a guarantor, where a product has one."""
PARTNER_BOOK = 4
"""Book of a funder of joint loans that does not collect, where a product has one."""
CURRENCY = "CNY"

_A, _L, _C, _E = AccountClass.ASSET, AccountClass.LIABILITY, AccountClass.COMMON, AccountClass.EQUITY
_I, _X, _M = AccountClass.INCOME, AccountClass.EXPENSE, AccountClass.MEMO
_OWED = int(Required.SUBJECT | Required.FUNDER)
_LOAN = int(Required.SUBJECT)

_Row = tuple[str, str, str, AccountClass]

_CONTRA = {"1231": Side.CREDIT, "1304": Side.CREDIT, "3001": Side.DEBIT, "4104": Side.CREDIT}
"""Accounts that grow against their class, or whose class has no side of its own."""

_GUARDED = frozenset({"1303.01", "1303.02", "1132.01", "1132.02", "2241.01"})
"""Accounts on which no loan may fall below zero."""

_DIMENSIONS = {
    "1132.01": _OWED,
    "1132.02": _OWED,
    "1132.03": _OWED,
    "1303.01": _OWED,
    "1303.02": _OWED,
    "1303.03": _OWED,
    "1303.04": _OWED,
    "1303.06": _OWED,
    "2241.01": _LOAN,
    "3001.01": _LOAN,
    "1201": _LOAN,
    "2314.01": _OWED,
}
"""Dimensions that lines of an account must carry."""

LENDER: tuple[_Row, ...] = (
    ("1002", "银行存款", "Bank deposits", _A),
    ("1002.01", "放款户", "Disbursement account", _A),
    ("1002.02", "回款户", "Collection account", _A),
    ("1002.03", "保证金户", "Deposit account of partners", _A),
    ("1002.04", "费用户", "Fee account", _A),
    ("1012", "其他货币资金", "Other monetary funds", _A),
    ("1012.01", "支付通道待结算", "Cash in transit at payment channels", _A),
    ("1124", "应收手续费及佣金", "Fees and commissions receivable", _A),
    ("1124.01", "应收服务费", "Fees receivable from borrowers", _A),
    ("1132", "应收利息", "Interest receivable", _A),
    ("1132.01", "应收利息-利息", "Interest due", _A),
    ("1132.02", "应收利息-罚息", "Penalty interest due", _A),
    ("1132.03", "应收利息-复利", "Compound interest due", _A),
    ("1221", "其他应收款", "Other receivables", _A),
    ("1221.01", "应收代偿款", "Compensation receivable", _A),
    ("1221.02", "通道差错", "Payment channel differences", _A),
    ("1221.03", "应收合作方", "Receivable from partners", _A),
    ("1221.04", "应收贴息", "Interest subsidy receivable", _A),
    ("1231", "坏账准备", "Allowance for doubtful accounts", _A),
    ("1231.01", "坏账准备-应收利息", "Allowance, interest", _A),
    ("1231.02", "坏账准备-应收费用", "Allowance, fees", _A),
    ("1303", "贷款", "Loans", _A),
    ("1303.01", "正常本金", "Principal, current", _A),
    ("1303.02", "逾期本金", "Principal, overdue", _A),
    ("1303.03", "非应计本金", "Principal, non-accrual", _A),
    ("1303.04", "应计利息", "Accrued interest, not yet due", _A),
    ("1303.05", "利息调整", "Effective interest adjustment", _A),
    ("1303.06", "重组本金", "Principal, restructured", _A),
    ("1304", "贷款损失准备", "Loan loss allowance", _A),
    ("1304.01", "第一阶段准备", "Allowance, stage 1", _A),
    ("1304.02", "第二阶段准备", "Allowance, stage 2", _A),
    ("1304.03", "第三阶段准备", "Allowance, stage 3", _A),
    ("1441", "抵债资产", "Foreclosed assets", _A),
    ("1901", "待处理财产损溢", "Pending gains and losses", _A),
    ("2002", "存入保证金", "Deposits of partners", _L),
    ("2221", "应交税费", "Taxes payable", _L),
    ("2221.01", "应交增值税", "VAT payable", _L),
    ("2221.01.01", "销项税额", "Output VAT", _L),
    ("2221.01.02", "进项税额", "Input VAT", _L),
    ("2221.02", "待转销项税额", "Output VAT, deferred", _L),
    ("2231", "应付利息", "Interest payable", _L),
    ("2241", "其他应付款", "Other payables", _L),
    ("2241.01", "溢缴款", "Overpayments of borrowers", _L),
    ("2241.02", "暂收挂账", "Unidentified receipts", _L),
    ("2241.03", "应付分润", "Service fee payable to the platform", _L),
    ("2241.04", "代收担保费", "Guarantee fees held for guarantors", _L),
    ("2241.05", "退汇待处理", "Returned payments", _L),
    ("2241.06", "应退客户", "Refunds due to customers", _L),
    ("2314", "代理业务负债", "Agency liabilities", _L),
    ("2314.01", "代收资方本息", "Collected for other funders", _L),
    ("3001", "清算资金往来", "Funds in clearing", _C),
    ("3001.01", "放款在途", "Disbursements in transit", _C),
    ("3001.02", "还款在途", "Repayments in transit", _C),
    ("4001", "实收资本", "Paid-in capital", _E),
    ("4103", "本年利润", "Profit for the year", _E),
    ("4104", "利润分配", "Profit distribution", _E),
    ("6011", "利息收入", "Interest income", _I),
    ("6011.01", "利息收入-正常", "Interest income", _I),
    ("6011.02", "利息收入-罚息", "Penalty interest income", _I),
    ("6011.03", "利息收入-复利", "Compound interest income", _I),
    ("6011.04", "利息收入-已核销收回", "Recoveries of written-off interest", _I),
    ("6021", "手续费及佣金收入", "Fee and commission income", _I),
    ("6021.01", "服务费收入", "Service fee income", _I),
    ("6021.02", "违约金收入", "Prepayment and default fee income", _I),
    ("6411", "利息支出", "Interest expense", _X),
    ("6421", "手续费及佣金支出", "Fee and commission expense", _X),
    ("6421.01", "通道费", "Payment channel fees", _X),
    ("6421.02", "助贷服务费支出", "Loan assistance service fees", _X),
    ("6421.03", "数据费", "Data fees", _X),
    ("6602", "业务及管理费", "Operating expense", _X),
    ("6702", "信用减值损失", "Credit impairment loss", _X),
    ("6711", "营业外支出", "Non-operating expense", _X),
    ("9001", "应收未收利息", "Memo: uncollected interest", _M),
    ("9002", "应收未收罚息", "Memo: uncollected penalty interest", _M),
    ("9003", "已核销本金", "Memo: principal written off", _M),
    ("9004", "已核销利息", "Memo: interest written off", _M),
    ("9005", "未用授信承诺", "Memo: undrawn commitments", _M),
    ("9999", "表外对照", "Memo contra", _M),
)
"""The lender's accounts: code, Chinese, English, class; parents before children."""

PLATFORM: tuple[_Row, ...] = (
    ("1002", "银行存款", "Bank deposits", _A),
    ("1002.04", "费用户", "Fee account", _A),
    ("1012", "其他货币资金", "Other monetary funds", _A),
    ("1012.01", "支付通道待结算", "Cash in transit at payment channels", _A),
    ("1031", "存出保证金", "Deposits paid", _A),
    ("1124", "应收手续费及佣金", "Fees and commissions receivable", _A),
    ("1124.01", "应收技术服务费", "Technical fees receivable", _A),
    ("1124.02", "应收服务费", "Service fees receivable from lenders", _A),
    ("1231", "坏账准备", "Allowance for doubtful accounts", _A),
    ("1303", "贷款", "Loans", _A),
    ("1303.03", "非应计本金", "Principal, non-accrual, repurchased", _A),
    ("2202", "应付手续费及佣金", "Fees and commissions payable", _L),
    ("2202.01", "应付渠道佣金", "Commissions payable to channels", _L),
    ("2221", "应交税费", "Taxes payable", _L),
    ("2221.01", "应交增值税", "VAT payable", _L),
    ("2221.01.01", "销项税额", "Output VAT", _L),
    ("2221.01.02", "进项税额", "Input VAT", _L),
    ("2241", "其他应付款", "Other payables", _L),
    ("2241.04", "代收担保费", "Guarantee fees held for guarantors", _L),
    ("2314", "代理业务负债", "Agency liabilities", _L),
    ("2314.01", "代收资方本息", "Collected for funders", _L),
    ("2801", "预计负债", "Provisions for shared risk", _L),
    ("4001", "实收资本", "Paid-in capital", _E),
    ("4103", "本年利润", "Profit for the year", _E),
    ("4104", "利润分配", "Profit distribution", _E),
    ("6021", "手续费及佣金收入", "Fee and commission income", _I),
    ("6021.03", "服务费收入", "Loan assistance service fee income", _I),
    ("6421", "手续费及佣金支出", "Fee and commission expense", _X),
    ("6421.02", "渠道佣金支出", "Commissions to channels", _X),
    ("6702", "信用减值损失", "Credit impairment loss", _X),
    ("9006", "担保责任余额", "Memo: guarantees given", _M),
    ("9999", "表外对照", "Memo contra", _M),
)
"""The platform's accounts."""

GUARANTOR: tuple[_Row, ...] = (
    ("1002", "银行存款", "Bank deposits", _A),
    ("1002.01", "代偿户", "Compensation account", _A),
    ("1031", "存出保证金", "Deposits paid", _A),
    ("1124", "应收手续费及佣金", "Fees and commissions receivable", _A),
    ("1124.01", "应收担保费", "Guarantee fees receivable", _A),
    ("1201", "应收代位追偿款", "Subrogation claims", _A),
    ("2221", "应交税费", "Taxes payable", _L),
    ("2221.01", "应交增值税", "VAT payable", _L),
    ("2221.01.01", "销项税额", "Output VAT", _L),
    ("2601", "未到期责任准备金", "Unearned premium reserve", _L),
    ("2602", "担保赔偿准备金", "Compensation reserve", _L),
    ("3001", "清算资金往来", "Funds in clearing", _C),
    ("3001.02", "还款在途", "Repayments in transit", _C),
    ("4001", "实收资本", "Paid-in capital", _E),
    ("4102", "一般风险准备", "General risk reserve", _E),
    ("4103", "本年利润", "Profit for the year", _E),
    ("4104", "利润分配", "Profit distribution", _E),
    ("6031", "担保费收入", "Guarantee fee income", _I),
    ("6501", "提取未到期责任准备金", "Change in unearned premium reserve", _X),
    ("6502", "提取担保赔偿准备金", "Change in compensation reserve", _X),
    ("6511", "代偿支出", "Compensation paid", _X),
    ("9006", "担保责任余额", "Memo: guarantees given", _M),
    ("9999", "表外对照", "Memo contra", _M),
)
"""A guarantor's accounts."""

BOOKS: tuple[tuple[Book, tuple[_Row, ...]], ...] = (
    (Book(LENDER_BOOK, "LENDER", "示范银行股份有限公司", CURRENCY, ReversalStyle.RED), LENDER),
    (Book(PLATFORM_BOOK, "PLATFORM", "助贷科技有限公司", CURRENCY, ReversalStyle.RED), PLATFORM),
)
"""Both books with their charts."""

GUARANTOR_AND_PARTNER: tuple[tuple[Book, tuple[_Row, ...]], ...] = (
    (Book(GUARANTOR_BOOK, "GUARANTOR", "示范融资担保有限公司", CURRENCY, ReversalStyle.RED), GUARANTOR),
    (Book(PARTNER_BOOK, "PARTNER", "参贷银行股份有限公司", CURRENCY, ReversalStyle.RED), LENDER),
)
"""The books that guaranteed and joint loans need besides; a partner keeps a lender's accounts."""


def accounts(rows: tuple[_Row, ...]) -> tuple[Account, ...]:
    """Return the accounts of a chart: leaves can be posted to, guards and dimensions are set."""
    parents = {code.rpartition(".")[0] for code, _, _, _ in rows}
    return tuple(
        Account(
            code=code,
            name_zh=name_zh,
            name_en=name_en,
            account_class=kind,
            currency=CURRENCY,
            normal_side=_side(code, kind),
            postable=code not in parents,
            policy=Policy.SUBJECT_NONNEG if code in _GUARDED else Policy.FREE,
            required_dims=_DIMENSIONS.get(code, Required.NONE),
        )
        for code, name_zh, name_en, kind in rows
    )


def open_books(
    conn: Connection, *, from_on: date, months: int, opened_books: tuple[tuple[Book, tuple[_Row, ...]], ...] = BOOKS
) -> None:
    """Open books with charts and `months` accounting months from that of `from_on`; again changes nothing."""
    known = {book.book_id for book in books.books(conn)}
    for book, rows in opened_books:
        if book.book_id not in known:
            books.open_book(conn, book)
            books.open_accounts(conn, book.book_id, accounts(rows))
        opened = {period.period_id for period in books.periods(conn, book.book_id)}
        for number in range(months):
            month = add_months(from_on.replace(day=1), number)
            period = month.year * 100 + month.month
            if period not in opened:
                books.open_period(conn, book.book_id, period)


def _side(code: str, kind: AccountClass) -> Side:
    """Return the side on which an account grows."""
    against = _CONTRA.get(code.partition(".")[0])
    if against is not None:
        return against
    if kind is AccountClass.MEMO:
        return Side.CREDIT if code == "9999" else Side.DEBIT
    side = kind.normal_side
    assert side is not None, f"{code} says its side"
    return side
