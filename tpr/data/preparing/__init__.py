"""YouTube-VIS and OVIS from their archives to splits for training: found, checked, divided."""
