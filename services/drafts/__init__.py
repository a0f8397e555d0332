"""A spreadsheet becomes checked rows: `sheets` reads, `mapping` gives each row its inputs, `launch` makes a batch."""
