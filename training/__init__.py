"""Builds the network: prepare the data, fit, evaluate. Runs from a checkout."""
