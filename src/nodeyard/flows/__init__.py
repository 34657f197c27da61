"""What an operation is: accept it, then observe, plan, act and wait until it is done.

Every flow is level-triggered: it trusts nothing from an earlier pass but the stored record,
looks at the world again, and does only what is safe to repeat. Flows reach the world
through `ports` alone.
"""
