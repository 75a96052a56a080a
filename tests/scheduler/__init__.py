"""Tests of the batch decision."""
