"""What the judgments say: agreement between people, and between people and scores.

Pure functions over numpy arrays in long format, one row per observation; missing is absent. Every
statistic comes back as an `Estimate`: a value with its interval, or none with the reason.
"""
