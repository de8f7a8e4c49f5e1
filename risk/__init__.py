"""Facts in, probability of default, score and strategy out.

It has never heard of SQL, HTTP or stored applications, and never imports domain.
Read in this order: contract, features, model, scorecard, reasons, assess, fraud, strategy, training; rules/ is the
decision table engine.
"""
