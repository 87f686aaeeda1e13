"""CloudFormation: stacks whose resources are made, changed and deleted through the same API operations as everyone's."""
