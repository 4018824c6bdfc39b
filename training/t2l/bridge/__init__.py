"""Another encoder for a bundle that exists."""
