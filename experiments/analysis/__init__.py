"""What many runs say: sensitivity, comparison of policies, distributions, maps, scenario discovery.

Every function takes plain arrays, so that it can be used on results from anywhere.
"""
