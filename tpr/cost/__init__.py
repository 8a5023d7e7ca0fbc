"""What a model costs: parameters, multiply-accumulates by part, speed."""
