"""What MK's operators know of a ticket and of its evaluations, and how they come to know it."""
