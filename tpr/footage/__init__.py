"""What annotated videos show, in the terms of a detector: motion, scale, deformation, overlap."""
