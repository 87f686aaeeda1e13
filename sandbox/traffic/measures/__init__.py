"""The measures of a run: pure functions of records, of the journal's events, and of values over time. No I/O, no clock.

Moments are sandbox time, and so are durations between them. Requests and latencies are real: at speed N, AWS's timers and the clients'
timeouts take 1/N of the real time, so the requests that are lost while a failure is detected are 1/N of those at speed 1. Functions that
turn a duration into a number of requests therefore take the speed.
"""
