"""The AWS rest-json protocol both ways, interpreted from a service model given as data.

Knows shapes, not meanings: no noun of ours, no clock, no input or output, standard library only.
"""
