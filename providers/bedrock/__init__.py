"""Models at AWS Bedrock, over the Converse API."""
