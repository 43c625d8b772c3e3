"""What things cost: tariffs, estimates, bookings, budgets, reports and bills. Exact decimals in, exact decimals out."""
