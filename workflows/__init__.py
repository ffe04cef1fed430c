"""What happens: the catalog, intake, the engine, runs, steps and receipts."""
