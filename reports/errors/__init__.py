"""What AP is lost to, by run: rows of a table, a chart, and what both say in a sentence."""
