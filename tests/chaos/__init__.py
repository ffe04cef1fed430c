"""Faults on demand: `script/chaos` breaks a running system of its own and then asks the rows and the provider whether a promise broke.

running.py   one `script/up` (Postgres, broker, web, beat) with workers and tickers of the harness's own, and the hands on all of them
crew.py      what those processes run: the product, with times made short, and where asked a death at a named point, or a guard taken out
wire.py      a wire between a process and its server that can be cut, hang, or lose an answer
provider.py  Twilio's place: keeps the only true record of what was accepted, and misbehaves by the seed
workload.py  who calls, writes and fills forms, sent as providers send: signed, shuffled, doubled, again until it is taken
faults.py    the faults that come at random while the workload runs
checks.py    what must hold afterwards: every invariant, the plan against the provider's record, nobody lost
arms.py      one fault at a time, once with the guard (nothing may break) and once without it (the check must see it); the faults are in
             guards_of_sending.py, guards_of_work.py and restoring.py

Time is pressed together (leases of seconds instead of half minutes, look-ups after seconds instead of hours), never left out: the same
statements run. Everything follows from one seed, except what two processes do at the same moment.
"""
