"""Files to and from the system above (county, province); the format is docs/exchange.md."""
