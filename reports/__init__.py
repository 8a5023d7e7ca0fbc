"""From committed records to pages, tables and the README's measured part."""
