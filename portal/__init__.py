"""The client's view: membership, sign-in and pages over database views only. The room opens with the first approved proof."""
