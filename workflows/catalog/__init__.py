"""The catalog: one file, one workflow, found by its file name. A file reads like its card and imports no other catalog file."""
