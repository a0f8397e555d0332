"""Files and images that stand beside a spreadsheet: kept, told apart, matched to cells, checked, and downloaded."""
