"""The decision engine's seat in the business: which decision tables a product uses, and every decision that was made.

It stores each decision with its inputs, its reasons and its full trace, so that any of them can be run again and gives
the same bytes. It never imports `risk`: the scorer and the table engine arrive as the shapes that `facts` declares.
Read `facts`, `ruleset`, `decide`, `operations`, `queries`.
"""
