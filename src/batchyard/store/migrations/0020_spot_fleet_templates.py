"""Which versions of launch templates a Spot Fleet request launches from; unknown of older requests."""

STATEMENTS: list[str] = ["ALTER TABLE ec2_spot_fleets ADD COLUMN templates TEXT"]
