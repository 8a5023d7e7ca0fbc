"""From evidence and figures to HTML, Markdown and LaTeX."""
