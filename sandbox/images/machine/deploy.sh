#!/bin/bash
# The tutorial's deploy.sh, corrected (TUT-10 to TUT-17): the shebang is the first line, a failing step ends the script, nothing waits for
# input, the application is found where the image has it, and output and errors both go to the log. As user data it runs as root.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

# Update system
apt-get update

# Install Python and pip
apt-get install -y python3 python3-pip

# Install Flask
pip3 install flask

# Create application directory
mkdir -p /var/www/coinbase-app

# Copy application files
cp /app.py /var/www/coinbase-app/

# Set permissions
chown -R ubuntu:ubuntu /var/www/coinbase-app

# Start the application
nohup python3 /var/www/coinbase-app/app.py > /var/log/app.log 2>&1 &
