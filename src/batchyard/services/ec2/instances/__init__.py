"""Instances and what they are made from: types, images, key pairs, instance profiles."""
