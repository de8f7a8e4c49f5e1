"""Heads: one digest for all balances and one for the register, each account provable by itself."""

from ledger import merkle
from ledger.encoding import account_bytes, balance_bytes
from ledger.head import account_root, balance_root

TOTALS = {("1002", "CNY"): (500, 20), ("1303", "CNY"): (30, 0), ("6011", "CNY"): (0, 510)}
ACCOUNTS = [(1, "1002", "银行存款", "", None, "asset", "D", "CNY", True, "free", 0, "1900-01-01"),
            (2, "6011", "利息收入", "", None, "income", "C", "CNY", True, "free", 0, "1900-01-01")]  # fmt: skip


def test_one_account_s_balance_is_shown_without_the_others() -> None:
    root = balance_root(TOTALS)
    leaves = [merkle.leaf_digest(balance_bytes(*where, *sums)) for where, sums in sorted(TOTALS.items())]
    proof = merkle.inclusion_proof(1, 3, merkle.reader(leaves))
    assert merkle.verify_inclusion(leaves[1], index=1, size=3, root=root, proof=proof)
    wrong = merkle.leaf_digest(balance_bytes("1303", "CNY", 31, 0))
    assert not merkle.verify_inclusion(wrong, index=1, size=3, root=root, proof=proof)


def test_gross_turnover_counts_not_only_the_balance() -> None:
    assert balance_root(TOTALS) != balance_root(TOTALS | {("1002", "CNY"): (501, 21)})
    assert balance_root(dict(reversed(TOTALS.items()))) == balance_root(TOTALS)


def test_a_register_only_grows() -> None:
    leaves = [merkle.leaf_digest(account_bytes(row)) for row in ACCOUNTS]
    proof = merkle.consistency_proof(1, 2, merkle.reader(leaves))
    assert merkle.verify_consistency(
        first=1, first_root=account_root(ACCOUNTS[:1]), second=2, second_root=account_root(ACCOUNTS), proof=proof
    )
    assert account_root([ACCOUNTS[0], (*ACCOUNTS[1][:2], "改", *ACCOUNTS[1][3:])]) != account_root(ACCOUNTS)
