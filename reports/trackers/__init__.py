"""TPR's gain under each tracker, on the same detections: records, gains, the page's section."""
