"""The six stories of the simulator. Each is a list of beats: something a provider or a person does, and what must be seen to come of it.

`script` says what a story is made of, `calls`, `replies` and `trouble` tell the six, `rows` finds what a story left behind, `props` lends clock and
mood and puts them back, `playing` plays one. A story plays through the real doors and waits for the real worker; it writes down what it
saw, and what it proved is counted from the rows each time somebody looks.
"""
