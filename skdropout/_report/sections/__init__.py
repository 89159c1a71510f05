"""What the page says of each finding, a file for each question."""
