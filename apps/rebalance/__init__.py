"""From drift to executed plan: triggers, plans, approval, execution on chain, verification.

Planning is pure arithmetic (``rules``); a plan is frozen when it is made and refused when its
inputs have moved; what is executed are the calls that people approved, one after the other.
"""
