"""What several scenarios make and delete, over the AWS API only."""
