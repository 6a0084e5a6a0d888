"""The resource types, one file a service. Importing a file registers its types."""
