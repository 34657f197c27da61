"""The pages of the project, and the program that writes those that are made from the code."""
