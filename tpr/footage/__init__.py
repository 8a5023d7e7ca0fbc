"""Statistics of annotated videos as a detector sees them: motion, scale, deformation, overlap."""
