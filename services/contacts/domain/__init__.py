"""What contacts decides, without a clock, an id of its own making or any I/O."""
