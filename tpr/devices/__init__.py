"""What a machine and its GPU allow, and what a record says of them."""
