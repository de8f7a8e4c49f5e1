"""Automatic approval 自动审批: an application on its way from the channel to the money.

It keeps the form as submitted, walks it through the stages that its product's flow names, asks risk at pre-approval
and anti-fraud, queues it for people when referred, makes the offer, checks the card and asks servicing and payment to
disburse. It never scores, never decides by itself, never posts an entry and never talks to a bank.
Read `application`, `workflow`, `review`, `offer`, then `operations`.
"""
