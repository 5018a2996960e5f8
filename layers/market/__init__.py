"""Market entities: production, trade, catering and more, with their responsible persons."""
