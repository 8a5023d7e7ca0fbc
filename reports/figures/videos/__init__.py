"""Pictures of videos: clips, sheets of tracks and of gates, drawn from what runs left in their
folders."""
