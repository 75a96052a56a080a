"""What EC2 does in the background: instances pass through their states, Spot Fleets keep their targets."""
