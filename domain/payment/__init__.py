"""Payment orders with three-valued results: asked of a bank, answered success, failure or unknown.

No other place talks to a bank, and this place posts no journal entry: what a bank said is *returned* (or handed to the
caller's effect inside the same transaction), and the caller, who knows what the money was for, posts. A time-out is
never a failure; a new order for the same business needs a definite failure of the earlier one.

Read in this order: `order` (states, observations, the query ladder), `gateway` (the shape of a bank), `operations`
(instruct, dispatch, record, resolve), `queries`.
"""
