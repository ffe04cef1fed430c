"""The demo agency: four invented businesses and sixty days of their life, told through the same intake as real traffic.

`clients` says who they are, `people` and `words` who turns to them and what is said, `life` what happens when (a pure, seeded plan),
`webhooks` what the providers would post, `load` lets the plan happen in one transaction, `reset` removes it whole.
"""
