"""From committed records to pages, tables and the README's measured part."""

from tpr.extras import tell_missing_packages

tell_missing_packages()
