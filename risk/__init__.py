"""Facts in, probability of default, score and strategy out.

It has never heard of SQL, HTTP or stored applications, and never imports domain.
Read in this order: features, model, scorecard, fraud, strategy, monitoring, training; rules/ is the decision table engine.
"""
