"""AP lost to each kind of error, by run: rows of a table, a chart, and a sentence on both."""
