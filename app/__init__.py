"""The door: takes deliveries in, checks and stores them. It does not think."""
