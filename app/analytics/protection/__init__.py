"""What must be withheld: pure, of tables and of sums of schools."""
