# deploy.sh
#!/bin/bash

# Update system
sudo apt update

# Install Python and pip
sudo apt install -y python3 python3-pip

# Install Flask
pip3 install flask

# Create application directory
sudo mkdir -p /var/www/coinbase-app

# Copy application files
sudo cp app.py /var/www/coinbase-app/

# Set permissions
sudo chown -R ubuntu:ubuntu /var/www/coinbase-app

# Start the application
nohup python3 /var/www/coinbase-app/app.py > /var/log/app.log 2&>1 &
