"""Tests of the tables of facts."""
