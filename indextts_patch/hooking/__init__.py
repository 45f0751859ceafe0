"""Finds the engines' classes in a process, wraps their functions, and takes every wrapper off again."""
