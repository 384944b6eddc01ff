"""What is in an image, and whose it is: scanning, findings and signatures."""
