"""Tables and pages made from committed records. Nothing here trains or infers."""
