"""CloudFormation, as far as templates of CDK apps need it, and as strict as a test of templates has to be."""
