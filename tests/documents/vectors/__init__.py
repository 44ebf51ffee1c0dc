"""What the standards ask for, case by case, as data."""
