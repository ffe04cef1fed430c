"""What staff see across rooms: inbox, lead page, run page, deliveries, simulator, staff API, and commands that cross rooms."""
