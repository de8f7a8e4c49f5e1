"""The loan-assistance business: one folder per module of the trade, on top of the ledger.

Pure rules over frozen values; only files named `tables`, `operations` and `queries` touch the database. It never speaks
GraphQL or HTTP, never reads a clock and never imports `risk`. Read `command`, `refusals`, `calendar`, then `party`,
`product`, `channel`, `origination`, `servicing`, `day`.
"""
