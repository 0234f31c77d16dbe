"""What is true of machines, clusters and work, whatever stores or drives them: no I/O, no clock, no chance."""
