"""`script/bench`: how fast and how much, on a running system of its own, over loopback, bounded in time and count."""
