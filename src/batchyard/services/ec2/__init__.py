"""Amazon EC2 as Batch, Auto Scaling and their users need it: instances are rows with their type's capacity."""
