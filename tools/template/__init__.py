"""What `make chapter` starts a new notebook with: a small exercise."""
