"""Floor 4: records to HTML, Markdown and decision records. Pure."""
