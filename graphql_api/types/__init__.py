"""The words of the schema: each type lists fields and descriptions over a value of the domain and owns no rule.

Start with `value.py` (money, pages), then the type you need.
"""
