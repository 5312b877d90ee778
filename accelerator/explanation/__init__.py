"""Where a joule comes from: from a total to counts, table rows, netlists and parameters."""
