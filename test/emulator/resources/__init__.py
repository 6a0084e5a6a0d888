"""The resource types, by service. Importing a file registers its types."""
