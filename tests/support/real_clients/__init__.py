"""Programs that people use with the sandbox, as they use them: what they leave behind, commands that documents print, Terraform."""
