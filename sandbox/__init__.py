"""A bank to play with: a separate process over HTTP that pays, refuses, times out and settles late on demand.

It imports nothing else of ours, as a real bank would not.
"""
