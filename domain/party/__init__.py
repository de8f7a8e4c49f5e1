"""Who takes part: customers, funders, asset partners with their channels and keys.

Personal data lives here, encrypted per person, and nowhere else; everybody else holds only ids. It never knows a loan.
Read `customer`, `vault`, `partner`.
"""
