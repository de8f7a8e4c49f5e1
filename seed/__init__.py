"""The demonstration: chart of accounts, posting rules, products, partners and a deterministic lived-in portfolio.

Same seed, same rows. It may see domain, risk and ledger; it writes only through their operations.
"""
