"""Many worlds of one scenario: who fails in how many, who loses, how the quantities spread, and the typical stories."""
