"""Products as parameters (参数化管理): what may be lent, at which price, repaid how, and booked by which rules.

A published version is immutable and named by the hash of its content; a loan keeps its version for life. It never
computes a schedule and never posts. Read `version`, `repayment_method`, `pricing`, `accounting`, `ruleset`,
`catalogue`, `publication`.
"""
