"""What every process serves by HTTP: health, metrics and problems."""
