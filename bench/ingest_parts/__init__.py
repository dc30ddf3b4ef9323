"""The measurements of bench/ingest, one a file."""
