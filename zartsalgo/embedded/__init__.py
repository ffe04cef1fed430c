"""The embedded default: a real Postgres and a real Redis-protocol server out of wheels, and the processes of the app, under one supervisor.

Nothing in here imports Django: it must work while the database is down and while the settings are wrong.
"""
