"""AP of the easy and the hard parts of the validation videos."""
