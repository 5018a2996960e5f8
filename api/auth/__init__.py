"""Who asks: callers, what each view asks of them, CSRF, rates."""
