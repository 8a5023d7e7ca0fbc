"""Tables and pages made from committed records. Nothing here trains, infers or reads a log as text."""
