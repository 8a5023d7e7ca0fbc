"""What a stage is: its key, its folder, what it leaves there and how long it takes."""
