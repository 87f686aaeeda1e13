"""What one AWS account sees of the sandbox by /_sandbox and on the page (decision 007)."""
